import { expect, it } from 'vitest';
import { answerAsTold } from '../../cli/suite-authorizer.ts';
import type { AuthorizerProvider } from '../../policy/custom/providers.ts';
import { PROVIDER } from '../support/authorizer-provider.ts';

function answer(verdict: string | null, over: Partial<AuthorizerProvider> = {}) {
  const headers: [string, string][] = verdict === null ? [] : [['x-ext-authz', verdict]];
  return answerAsTold({ provider: { ...PROVIDER, ...over }, method: 'GET', path: '/', host: 'h', headers });
}

it('does not answer where nothing listens, and not in time when slow', () => {
  expect(answer('allow', { service: 'down.example' })).toEqual({ kind: 'failed', asked: false });
  expect(answer('slow')).toEqual({ kind: 'failed', asked: true });
  expect(answer('slow', { timeoutMs: 600_000 })).toMatchObject({ kind: 'http', status: 200 });
});

it.each([
  [null, 403],
  ['deny', 403],
  ['allow,deny', 403],
  ['status:x', 403],
  ['status:401', 401],
  ['allow', 200],
])('answers %j with %i', (verdict, status) => {
  expect(answer(verdict)).toMatchObject({ kind: 'http', status });
  const kind = status === 200 ? 'grpc-allowed' : 'grpc-denied';
  expect(answer(verdict, { protocol: 'grpc' })).toMatchObject({ kind });
});
