/** Who may do what: every caller by every operation, judged as a request would be. */
import type { Decision } from '../model/decision.ts';
import type { HeaderList, RequestFacts, TokenClaims } from '../model/request-facts.ts';
import { judgeOf, type PolicyVersion } from './policy-version.ts';
import type { PolicyPort } from './compile.ts';
import type { PolicyTarget } from './scope.ts';

/** Somebody who calls. */
export interface Caller {
  name: string;
  /** SPIFFE id without its scheme; null = plaintext, without a certificate. */
  principal: string | null;
  /** Address of the peer; default: one of the model's pods. */
  ip?: string;
  /** Claims of a good token; absent = no token. */
  claims?: TokenClaims;
  headers?: HeaderList;
}

/** Something that is called; without a method it is a TCP connection. */
export interface Operation {
  name: string;
  target: PolicyTarget;
  port: PolicyPort;
  method?: string;
  /** As sent, with query. */
  path?: string;
  host?: string;
}

export interface AccessMatrix {
  callers: readonly string[];
  operations: readonly string[];
  /** `decisions[caller][operation]`. */
  decisions: readonly (readonly Decision[])[];
}

const POD_IP = '10.244.255.1';

/** Judges every caller on every operation. */
export function access(
  version: PolicyVersion,
  callers: readonly Caller[],
  operations: readonly Operation[],
): AccessMatrix {
  const judge = judgeOf(version);
  return {
    callers: callers.map(({ name }) => name),
    operations: operations.map(({ name }) => name),
    decisions: callers.map((caller) =>
      operations.map((operation) =>
        judge({ target: operation.target, port: operation.port, facts: factsOf(caller, operation) }),
      ),
    ),
  };
}

function factsOf(caller: Caller, { target, port, method, path = '/', host }: Operation): RequestFacts {
  const connection = {
    sourceIp: caller.ip ?? POD_IP,
    destinationIp: POD_IP,
    destinationPort: port.port,
    principal: caller.principal,
    sni: null,
    mtls: caller.principal !== null,
  };
  if (method === undefined) return { connection, http: null };
  const http = {
    protocol: 'http1' as const,
    method,
    path,
    rawPath: path,
    host: host ?? `${target.serviceAccount}.${target.namespace}`,
    headers: caller.headers ?? [],
  };
  return { connection, http, claims: caller.claims ?? null };
}
