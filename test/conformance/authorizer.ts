/**
 * The external authorizer of all suites, over HTTP and over gRPC by a library of its own (grpc-js), so that the data
 * plane's messages meet another reader. What it answers the checked request itself says: see cli/suite-authorizer.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { listenLocally } from '../support/local-server.ts';
import { CASE_HEADER } from './recorder.ts';

/** What an external authorizer was told of a case. */
export interface Checked {
  method: string;
  path: string;
  host: string;
  /** Names, sorted. */
  headers: string[];
}

export interface Authorizer {
  http: { host: string; port: number };
  grpc: { host: string; port: number };
  /** null = it wasn't asked. */
  checked(number: number): Checked | null;
  close(): Promise<void>;
}

/** Authorizers take longer here than the suites say, and may: a busy machine is no slow authorizer. */
export const STRETCH = 6;
const SLOW_MS = 1_500 * STRETCH;
const BODY = 'denied by authorizer';
const LOGIN = 'https://login.example/';

/** Starts both. */
export async function startAuthorizer(): Promise<Authorizer> {
  const seen = new Map<number, Checked>();
  const http = createServer((request, response) => void answerHttp(seen, request, response));
  const port = await listenLocally(http);
  const rpc = await startGrpc(seen);
  return {
    http: { host: '127.0.0.1', port },
    grpc: { host: '127.0.0.1', port: rpc.port },
    checked: (number) => seen.get(number) ?? null,
    close: async () => {
      rpc.server.forceShutdown();
      await closeHttp(http);
    },
  };
}

async function closeHttp(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function keep(
  seen: Map<number, Checked>,
  about: Omit<Checked, 'headers'>,
  headers: Record<string, string>,
): void {
  const names = Object.keys(headers).filter((name) => !UNTOLD.has(name) && !name.startsWith(':'));
  seen.set(Number(headers[CASE_HEADER]), { ...about, headers: names.sort() });
}

/** Headers of a check that say nothing of the request. */
const UNTOLD: ReadonlySet<string> = new Set([
  CASE_HEADER,
  'host',
  'x-request-id',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-internal',
  'accept-encoding',
]);

async function statusOf(verdict: string | undefined): Promise<number> {
  if (verdict === 'slow') await wait(SLOW_MS);
  if (verdict === 'allow' || verdict === 'slow') return 200;
  return Number(/^status:([0-9]{3})$/.exec(verdict ?? '')?.[1] ?? 403);
}

async function answerHttp(
  seen: Map<number, Checked>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  keep(
    seen,
    { method: request.method ?? '', path: request.url ?? '', host: request.headers.host ?? '' },
    headers,
  );
  const status = await statusOf(headers['x-ext-authz']);
  response.writeHead(status, {
    'x-ext-authz-result': String(status),
    'x-authz-user': 'alice',
    'x-role': 'from-authorizer',
    'set-cookie': 'session=1',
    ...(status >= 300 && status < 400 ? { location: LOGIN } : {}),
  });
  response.end(status === 200 ? '' : BODY);
}

interface CheckRequest {
  attributes: {
    request: { http: { method: string; path: string; host: string; headers: Record<string, string> } };
  };
}

async function startGrpc(seen: Map<number, Checked>): Promise<{ server: grpc.Server; port: number }> {
  const file = fileURLToPath(new URL('./ext-authz.proto', import.meta.url));
  const loaded = loadSync(file, { keepCase: true, defaults: true });
  const service = loaded['envoy.service.auth.v3.Authorization'] as grpc.ServiceDefinition;
  const server = new grpc.Server();
  server.addService(service, {
    Check: async (
      call: grpc.ServerUnaryCall<CheckRequest, unknown>,
      callback: grpc.sendUnaryData<unknown>,
    ) => {
      const { http } = call.request.attributes.request;
      keep(seen, { method: http.method, path: http.path, host: http.host }, http.headers);
      const status = await statusOf(http.headers['x-ext-authz']);
      callback(null, status === 200 ? allowed() : denied(status));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { server, port };
}

/** `OVERWRITE_IF_EXISTS_OR_ADD`. */
function set(key: string, value: string): object {
  return { header: { key, value }, append_action: 2 };
}

function allowed(): object {
  return {
    status: { code: 0 },
    ok_response: {
      headers: [set('x-authz-user', 'alice'), set('x-role', 'from-authorizer')],
      headers_to_remove: ['x-secret'],
      response_headers_to_add: [set('x-ext-authz-result', '200')],
    },
  };
}

function denied(status: number): object {
  return {
    status: { code: grpc.status.PERMISSION_DENIED },
    denied_response: {
      status: { code: status },
      headers: [set('x-ext-authz-result', String(status)), set('location', LOGIN)],
      body: BODY,
    },
  };
}
