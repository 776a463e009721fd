/**
 * The same plain HTTP/1.1 conversations through Greenroom's pair and through a real Envoy pair that is configured as
 * Istio does it: what the client got and what the application saw are equal. Where they aren't, a row of
 * docs/deviations.md says so, and the test names it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Application, converse, startScriptedApplication } from '../support/conversation.ts';
import { type EnvoyPair, startEnvoyPair } from '../support/envoy-pair.ts';
import { describeWith } from '../support/requires.ts';
import { ALLOW_WEB, type Pair, startPair } from '../support/sidecar-pair.ts';
import { comparable } from '../support/transcript.ts';
import { CONVERSATIONS } from './conversations.ts';
import { HTTP2_CONVERSATIONS } from './http2-conversations.ts';
import { DIFFERENT } from './told-differences.ts';

describeWith('envoy', 'a conversation is the same through Envoy', () => {
  let application: Application;
  let ours: Pair;
  let theirs: EnvoyPair;

  beforeAll(async () => {
    application = await startScriptedApplication();
    const address = { host: '127.0.0.1', port: application.port };
    [ours, theirs] = await Promise.all([startPair(address), startEnvoyPair('http', application.port)]);
    await ours.publish({ policies: [ALLOW_WEB] });
  });
  afterAll(async () => {
    await ours.close();
    await theirs.close();
    await application.close();
  });

  it('the differences that are told have a conversation each', () => {
    expect(DIFFERENT.size).toBeGreaterThan(0);
    const titles = new Set([...Object.keys(CONVERSATIONS), ...Object.keys(HTTP2_CONVERSATIONS)]);
    expect([...DIFFERENT].filter((title) => !titles.has(title))).toEqual([]);
  });

  for (const [title, play] of Object.entries(CONVERSATIONS)) {
    it(DIFFERENT.has(title) ? `${title}: not the same, as told` : title, async () => {
      const envoy = await converse(theirs.at, application, play);
      const greenroom = await converse(ours.at('web-0', 'orders:80'), application, play);
      if (DIFFERENT.has(title)) expect(comparable(greenroom)).not.toEqual(comparable(envoy));
      else expect(comparable(greenroom)).toEqual(comparable(envoy));
    });
  }
});
