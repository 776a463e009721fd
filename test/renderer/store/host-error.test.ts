import { describe, expect, it } from 'vitest';
import { attachWindow } from '../../../host/attach-window.ts';
import type { Host } from '../../../host/host.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';
import { asError, errorWords } from '../../../renderer/store/host-error.ts';

/** What a window's frame holds when the host throws `error`. */
async function overTheLine(error: Error): Promise<unknown> {
  const api = { state: () => Promise.reject(error) };
  const frame = await new Promise<string>((resolve) => {
    attachWindow({ api, onNotice: () => () => undefined } as unknown as Host, {
      send: resolve,
      onMessage: (sink) => sink(JSON.stringify({ t: 'q', i: '1', m: 'state', a: [] })),
    });
  });
  return (JSON.parse(frame) as { e?: unknown }).e;
}

describe('what the host refused', () => {
  it('is never told as an object or as nothing', () => {
    for (const odd of [null, undefined, 3, {}, { message: 7 }, []])
      expect(errorWords(asError(odd))).toBe('the host refused without a reason');
    expect(errorWords(asError('plain words'))).toBe('plain words');
    expect(errorWords('thrown as it is')).toBe('thrown as it is');
  });

  it('is its message alone where there is no hint', async () => {
    expect(errorWords(asError(await overTheLine(new Error('no scenario is called x'))))).toBe(
      'no scenario is called x',
    );
    const hintless = new EnvironmentError('service-exited', 'web-0 exited with 3');
    expect(errorWords(asError(await overTheLine(hintless)))).toBe('web-0 exited with 3');
    for (const hint of ['', 7, null]) expect(errorWords(asError({ message: 'm', hint }))).toBe('m');
  });

  it('keeps the hint of an EnvironmentError beside its message', async () => {
    const error = new EnvironmentError('port-taken', 'port 80 is taken', { hint: 'choose another' });
    const came = asError(await overTheLine(error));
    expect(came).toMatchObject({ code: 'port-taken', hint: 'choose another' });
    expect(errorWords(came)).toBe('port 80 is taken (hint: choose another)');
  });
});
