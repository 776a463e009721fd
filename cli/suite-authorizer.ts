/**
 * The authorizer of DecisionSuites: it does what the request that it is told of says under `x-ext-authz` (`allow`,
 * `deny`, `status:N`, `slow`; none is a denial), and a service `down.…` never answers. Stands for a test service, so
 * that suites can say how an external authorizer behaves; it is asked nowhere else.
 */
import type { HeaderList } from '../model/request-facts.ts';
import type { AuthorizerAnswer } from '../policy/custom/apply-answer.ts';
import type { AuthorizationCheck } from '../policy/custom/authorization-check.ts';

const SLOW_MS = 1_500;
const DENIAL = 'denied by authorizer';
const LOGIN = 'https://login.example/';

/** Answers at once; what would come too late is a failure. */
export function answerAsTold(check: AuthorizationCheck): AuthorizerAnswer {
  const { provider } = check;
  if (provider.service.startsWith('down.')) return { kind: 'failed', asked: false };
  const verdict = check.headers.find(([name]) => name === 'x-ext-authz')?.[1] ?? '';
  if (verdict === 'slow' && provider.timeoutMs < SLOW_MS) return { kind: 'failed', asked: true };
  const status = statusOf(verdict);
  return provider.protocol === 'http' ? httpAnswer(status) : grpcAnswer(status);
}

function statusOf(verdict: string): number {
  if (verdict === 'allow' || verdict === 'slow') return 200;
  const written = /^status:([0-9]{3})$/.exec(verdict)?.[1];
  return written === undefined ? 403 : Number(written);
}

function httpAnswer(status: number): AuthorizerAnswer {
  const headers: HeaderList = [
    ['x-ext-authz-result', String(status)],
    ['x-authz-user', 'alice'],
    ['x-role', 'from-authorizer'],
    ['set-cookie', 'session=1'],
  ];
  const redirect: HeaderList = status >= 300 && status < 400 ? [['location', LOGIN]] : [];
  return { kind: 'http', status, headers: [...headers, ...redirect], body: status === 200 ? '' : DENIAL };
}

function grpcAnswer(status: number): AuthorizerAnswer {
  const result: HeaderList = [['x-ext-authz-result', String(status)]];
  if (status !== 200)
    return { kind: 'grpc-denied', status, headers: [...result, ['location', LOGIN]], body: DENIAL };
  return {
    kind: 'grpc-allowed',
    set: [
      ['x-authz-user', 'alice'],
      ['x-role', 'from-authorizer'],
    ],
    remove: ['x-secret'],
    responseHeaders: result,
  };
}
