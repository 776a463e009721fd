/** A worker that stands still: a user's schema whose alternatives double with each level of a body. */
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { compileValidations, openapiKey } from '../../policy/request-validation.ts';
import { own } from '../support/own-kinds.ts';
import {
  ALLOW_WEB,
  ask,
  closeOf,
  startApplication,
  startPair,
  type Application,
  type Pair,
} from '../support/sidecar-pair.ts';

/** Long enough for a worker on a busy machine, which must not be taken for one that hangs. */
const HUNG_AFTER_MS = 3_000;
const TARGET = { namespace: 'shop', labels: {}, serviceAccount: 'orders' };
const DEEPER = { properties: { a: { $ref: '#/components/schemas/Deep' } } };
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'orders', version: '1' },
  paths: {
    '/orders': {
      get: {},
      post: {
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Deep' } } } },
      },
    },
  },
  components: {
    schemas: {
      Deep: { type: 'object', required: ['a'], anyOf: [DEEPER, DEEPER] },
    },
  },
};

let application: Application;
let pair: Pair | null = null;
afterEach(async () => {
  await pair?.close();
  await application.close();
});

/** A POST of `SPIN` to `/orders` is never judged. */
async function start(): Promise<Pair> {
  application = await startApplication();
  const started = await startPair(application.address, { hungAfterMs: HUNG_AFTER_MS });
  pair = started;
  const validations = compileValidations(
    own('RequestValidation', 'openapi: { file: orders.yaml }'),
    TARGET,
    'istio-system',
  );
  await started.publish({
    mtls: 'DISABLE',
    policies: [],
    edit: (snapshot) => {
      Object.assign(snapshot.instances[1]?.inbound[0] ?? {}, { validations });
      snapshot.openapi = { [validations.map(openapiKey)[0] ?? '']: DOCUMENT };
    },
  });
  return started;
}

const LEVELS = 60;
const SPIN = `${'{"a":'.repeat(LEVELS)}{}${'}'.repeat(LEVELS)}`;
const JSON_BODY = { 'content-type': 'application/json', 'content-length': SPIN.length };

it('is ended as one that died: nothing passed, its connections close, and the event says why', async () => {
  const { at, events, ...rest } = await start();
  const restarted = new Promise<void>((resolve) => {
    rest.plane.onEvents((batch) => {
      events.push(...batch);
      if (events.some(({ decision }) => decision.reason === 'worker-restarted')) resolve();
    });
  });
  const idle = net.connect(at('orders-0', '8080'));
  await once(idle, 'connect');
  const idleClosed = closeOf(idle);
  const spinning = { method: 'POST', path: '/orders', headers: JSON_BODY, body: SPIN };
  await expect(ask(at('orders-0', '8080'), spinning)).rejects.toThrow();
  await idleClosed;
  await restarted;
  expect(events[0]).toMatchObject({
    kind: 'proxy',
    decision: { verdict: 'deny', phase: 'upstream', reason: 'worker-hung' },
  });
  expect(events[0]?.explanation?.sentence).toMatch(/stood still for 3 s.*orders-0/);
  expect(application.requests).toEqual([]);
  await rest.publish({ policies: [ALLOW_WEB] });
  expect((await ask(at('web-0', 'orders:80'))).status).toBe(200);
});

it('can be closed, though it answers nobody', async () => {
  const { at, close } = await start();
  const socket = net.connect(at('orders-0', '8080'));
  const socketClosed = closeOf(socket);
  const headers = Object.entries({ host: 'orders', ...JSON_BODY }).map((field) => field.join(': '));
  socket.write('GET /orders HTTP/1.1\r\nHost: orders\r\n\r\n');
  socket.write(`POST /orders HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${SPIN}`);
  // Its second request is judged in the turn in which the first is answered.
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
  await close();
  await socketClosed;
  expect(application.requests).toEqual(['GET /orders']);
});
