/**
 * What Envoy's connection manager makes of a request's headers before any filter or policy sees them: the client's
 * certificate told anew, the scheme, the way the request came, and Envoy's own controls taken from whoever sent them.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { type ForwardedClient, forwardedClientCert, gatewayClientCert } from './forwarded-client-cert.ts';
import { forwardedFor, remoteAddressAtGateway } from './remote-address.ts';

/** The connection that the request came over. */
export interface ReceivingSide {
  ownSpiffeId: string;
  tls: boolean;
  /** The verified client certificate; null without one. */
  client: ForwardedClient | null;
}

/** The same at a gateway. */
export interface GatewaySide extends ReceivingSide {
  peer: string;
  /** `numTrustedProxies`. */
  trustedProxies: number;
}

/** Controls of Envoy's router: without effect from outside, and not passed on. */
const CONTROLS: ReadonlySet<string> = new Set([
  'x-envoy-internal',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
]);
/** What only a proxy inside the mesh may say, so that the edge takes it away besides. */
const INSIDE: ReadonlySet<string> = new Set([
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-original-path',
  'x-envoy-original-host',
  'x-envoy-external-address',
  'x-forwarded-client-cert',
  'x-forwarded-for',
]);

/** Headers as policies and the application see them at a sidecar's inbound side. */
export function sidecarHeaders(headers: HeaderList, side: ReceivingSide): [string, string][] {
  const kept: [string, string][] = [];
  let hasScheme = false;
  for (const [name, value] of headers) {
    // All fields that are looked for begin with an x; most don't.
    if (name.charCodeAt(0) === X) {
      if (name === 'x-forwarded-client-cert' || isControl(name)) continue;
      if (name === 'x-forwarded-proto') hasScheme = true;
    }
    kept.push([name, value]);
  }
  const told = forwardedClientCert(headers, side.ownSpiffeId, side.client);
  if (told !== null) kept.push(['x-forwarded-client-cert', told]);
  if (!hasScheme) kept.push(['x-forwarded-proto', side.tls ? 'https' : 'http']);
  return kept;
}

const X = 0x78;

/** Texts cut out of a head are slow to look up: those that requests have anyway are told before. */
function isControl(name: string): boolean {
  return name.startsWith('x-envoy-') && name !== 'x-envoy-attempt-count' && CONTROLS.has(name);
}

/** Headers as policies and the application see them at a gateway, and the address that counts as the client's. */
export function gatewayHeaders(
  headers: HeaderList,
  side: GatewaySide,
): { headers: [string, string][]; remoteIp: string } {
  const { peer, trustedProxies } = side;
  const believed = trustedProxies > 0;
  const remoteIp = remoteAddressAtGateway(peer, headers, trustedProxies);
  const kept = without(
    headers,
    (name) => CONTROLS.has(name) || INSIDE.has(name) || (name === 'x-forwarded-proto' && !believed),
  );
  const came = forwardedFor(headers);
  kept.push(
    ['x-forwarded-for', came === '' ? peer : `${came},${peer}`],
    ['x-envoy-external-address', remoteIp],
  );
  const told = gatewayClientCert(side.ownSpiffeId, side.client);
  if (told !== null) kept.push(['x-forwarded-client-cert', told]);
  return { headers: withScheme(kept, side), remoteIp };
}

function without(headers: HeaderList, gone: (name: string) => boolean): [string, string][] {
  return headers.filter(([name]) => !gone(name)).map(([name, value]): [string, string] => [name, value]);
}

function withScheme(headers: [string, string][], side: ReceivingSide): [string, string][] {
  if (headers.some(([name]) => name === 'x-forwarded-proto')) return headers;
  return [...headers, ['x-forwarded-proto', side.tls ? 'https' : 'http']];
}

/** `:scheme` of a request that has none: what X-Forwarded-Proto says, if that is one of the two, else the connection. */
export function schemeOf(headers: HeaderList, encrypted: boolean): string {
  const told = headers.find(([name]) => name === 'x-forwarded-proto')?.[1].toLowerCase();
  if (told === 'http' || told === 'https') return told;
  return encrypted ? 'https' : 'http';
}
