import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { grpcClient, startGrpcService, type GrpcService } from '../../support/grpc-service.ts';
import { eventually } from '../../support/patience.ts';
import { keySetText, requestAuthentication, signer } from '../../support/tokens.ts';
import { ALLOW_WEB, DENY_ALL, startPair, type Pair } from '../../support/sidecar-pair.ts';

let service: GrpcService;
let pair: Pair;
let client: ReturnType<typeof grpcClient>;

beforeAll(async () => {
  service = await startGrpcService();
  pair = await startPair(service.address);
});
afterAll(async () => {
  await pair.close();
  service.close();
});
beforeEach(async () => {
  await pair.publish({ protocol: 'grpc', policies: [ALLOW_WEB] });
  await pair.clear();
  service.calls.length = 0;
  service.cancelled.length = 0;
  client = grpcClient(pair.at('web-0', 'orders:80'));
});
afterEach(() => client.close());

describe('a gRPC call through the pair', () => {
  it('is denied with PERMISSION_DENIED, and the service hears nothing of it', async () => {
    await pair.publish({ protocol: 'grpc', policies: [DENY_ALL] });
    await expect(client.unary('hello').answer).rejects.toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
      details: 'RBAC: access denied',
    });
    expect(service.calls).toEqual([]);
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      direction: 'inbound',
      decision: { verdict: 'deny', phase: 'allow', status: 200 },
      request: { protocol: 'grpc', method: 'POST', path: '/greenroom.Echo/Unary' },
      response: { status: 200, by: 'sidecar' },
    });
    expect(event?.response?.headers).toContainEqual(['grpc-status', '7']);
  });

  it('is UNAUTHENTICATED with a bad token, of which no event knows', async () => {
    const issuer = signer();
    const rule = { issuer: 'https://a.example', jwks: keySetText(issuer) };
    await pair.publish({ protocol: 'grpc', policies: [requestAuthentication([rule])] });
    const expired = issuer.token({ iss: rule.issuer, sub: 'alice', exp: 1 });
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${expired}`);
    await expect(client.unary('hello', {}, metadata).answer).rejects.toMatchObject({
      code: grpc.status.UNAUTHENTICATED,
      details: 'Jwt is expired',
    });
    expect(service.calls).toEqual([]);
    const [event] = await pair.seen();
    expect(event).toMatchObject({ decision: { phase: 'jwt', status: 200 }, response: { status: 200 } });
    expect(JSON.stringify(pair.events)).not.toContain(expired);
  });

  it('is UNAVAILABLE when the service is gone', async () => {
    const gone = { host: '127.0.0.1', port: 1 };
    await pair.publish({
      protocol: 'grpc',
      policies: [ALLOW_WEB],
      edit: ({ instances }) => {
        for (const { inbound } of instances) for (const port of inbound) port.upstream = gone;
      },
    });
    await expect(client.unary('hello').answer).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  });

  it('brings answer and trailers', async () => {
    const call = client.unary('hello');
    expect((await call.answer).toString()).toBe('hello');
    expect(call.trailers()?.get('x-trailer')).toEqual(['told']);
    const [event] = await pair.seen();
    expect(event).toMatchObject({
      decision: { verdict: 'allow' },
      request: { protocol: 'grpc', bodyBytes: 10 },
      response: { status: 200, by: 'upstream', bodyBytes: 10 },
    });
    expect(event?.response?.headers).toContainEqual(['grpc-status', '0']);
  });

  it('brings the service’s own status and message', async () => {
    await expect(client.unary('fail').answer).rejects.toMatchObject({
      code: grpc.status.FAILED_PRECONDITION,
      details: 'not today: 100 %',
    });
  });

  it('streams from the client', async () => {
    expect((await client.collect(['a', 'b', 'c'])).toString()).toBe('abc');
  });

  it('streams from the service', async () => {
    const pieces: string[] = [];
    for await (const piece of client.repeat('x')) pieces.push(String(piece));
    expect(pieces).toEqual(['x', 'x', 'x']);
  });

  it('streams both ways at once', async () => {
    const call = client.chat();
    for (const text of ['one', 'two', 'three']) {
      call.write(Buffer.from(text));
      expect(String((await once(call, 'data'))[0])).toBe(text);
    }
    call.end();
    call.resume();
    const [status] = (await once(call, 'status')) as [grpc.StatusObject];
    expect(status.code).toBe(grpc.status.OK);
  });

  it('ends at its deadline, and the service is told', async () => {
    // A call that a busy machine doesn't get there in time tells nothing: the next one has longer.
    for (let deadlineMs = 300; service.calls.length === 0; deadlineMs *= 2) {
      const call = client.unary('hang', { deadline: Date.now() + deadlineMs });
      await expect(call.answer).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
    }
    await eventually('the service hears of it', () => service.cancelled.length === service.calls.length);
  });

  it('is cancelled through to the service', async () => {
    const call = client.unary('hang');
    const refused = expect(call.answer).rejects.toMatchObject({ code: grpc.status.CANCELLED });
    await eventually('the call arrives', () => service.calls.length === 1);
    call.cancel();
    await refused;
    await eventually('the service hears of it', () => service.cancelled.length === 1);
    await eventually('both events', async () => (await pair.seen()).length === 2);
    expect(pair.events[0]?.decision.details).toBe('downstream_remote_disconnect');
  });

  it('carries many calls at once on one connection of each hop', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => client.unary(`call ${index}`).answer),
    );
    expect(answers.map(String)).toEqual(Array.from({ length: 100 }, (_, index) => `call ${index}`));
  });

  it('carries a message of three megabytes each way', async () => {
    const text = 'x'.repeat(3_000_000);
    expect((await client.unary(text).answer).length).toBe(text.length);
  });
});
