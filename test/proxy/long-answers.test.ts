/** Answers with a long head: Envoy takes 60 KiB of one, whatever its client speaks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHttp2 } from '../support/http2-client.ts';
import {
  ALLOW_WEB,
  type Application,
  ask,
  type Pair,
  startApplication,
  startPair,
} from '../support/sidecar-pair.ts';

const LONG = 'y'.repeat(50_000);

let application: Application;
let fast: Pair;
let general: Pair;

beforeAll(async () => {
  application = await startApplication((_request, response) => response.setHeader('x-long', LONG).end('ok'));
  fast = await startPair(application.address);
  general = await startPair(application.address, { lanes: 'general' });
  for (const pair of [fast, general]) await pair.publish({ policies: [ALLOW_WEB] });
});
afterAll(async () => {
  await fast.close();
  await general.close();
  await application.close();
});

test.each([
  ['the fast lane', () => fast],
  ['the general lane', () => general],
])('arrive over HTTP/1.1 by %s', async (_, pairOf) => {
  // Node's own client would take 16 KB.
  const answer = await ask(pairOf().at('web-0', 'orders:80'), { maxHeaderSize: 100_000 });
  expect([answer.status, answer.headers['x-long']]).toEqual([200, LONG]);
});

test('arrive over HTTP/2', async () => {
  const client = await connectHttp2(fast.at('web-0', 'orders:80'));
  const answer = await client.ask();
  expect([answer.status, answer.headers['x-long']]).toEqual([200, LONG]);
  await client.close();
});
