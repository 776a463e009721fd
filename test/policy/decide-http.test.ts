/** What stands around the filters of a request: what a router doesn't serve. */
import { describe, expect, it } from 'vitest';
import { decideHttp } from '../../policy/decide-http.ts';
import { authorization, compiled, request } from '../support/policies.ts';

const ALLOW_ALL = authorization('rules: [{}]');

describe('a request whose X-Forwarded-Proto says nothing', () => {
  const headers: [string, string][] = [['x-forwarded-proto', '']];

  it('has no route, though policies allow it', async () => {
    const { decision } = await decideHttp(compiled(ALLOW_ALL), request({ headers }), {});
    expect(decision).toEqual({
      verdict: 'deny',
      phase: 'route',
      reason: 'no-route',
      matched: null,
      status: 404,
      body: '',
      details: 'route_not_found',
    });
  });

  it('is answered 200 over gRPC', async () => {
    const { decision } = await decideHttp(compiled(ALLOW_ALL), request({ protocol: 'grpc', headers }), {});
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'no-route', status: 200 });
  });

  it('is denied by policies first', async () => {
    const deny = authorization('action: DENY\nrules: [{}]');
    const { decision } = await decideHttp(compiled(deny), request({ headers }), {});
    expect(decision).toMatchObject({ phase: 'deny', status: 403 });
  });

  it('is served when it says something', async () => {
    const { decision } = await decideHttp(
      compiled(ALLOW_ALL),
      request({ headers: [['x-forwarded-proto', 'http']] }),
      {},
    );
    expect(decision.verdict).toBe('allow');
  });
});

it('a policy without token rules tells of no tokens', async () => {
  expect(await decideHttp(compiled(ALLOW_ALL), request(), {})).not.toHaveProperty('tokens');
});
