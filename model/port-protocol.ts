/**
 * Which protocol a service port speaks, by Istio's rules: `appProtocol` first, then the part of the port's name
 * before the first hyphen, letter case aside.
 */
import type { AppProtocol } from './mesh.ts';

const BY_NAME: ReadonlyMap<string, AppProtocol> = new Map<string, AppProtocol>([
  ['http', 'http'],
  ['http2', 'http2'],
  ['grpc', 'grpc'],
  ['https', 'tls'],
  ['tls', 'tls'],
  ['tcp', 'tcp'],
  ['mongo', 'tcp'],
  ['redis', 'tcp'],
  ['mysql', 'tcp'],
]);
const BY_APP_PROTOCOL: ReadonlyMap<string, AppProtocol> = new Map<string, AppProtocol>([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'tls'],
]);
/** Ports of protocols whose server speaks first: Istio never sniffs them. */
const SERVER_FIRST_PORTS = new Set([25, 53, 3306, 27017]);

export const PROTOCOL_NAMES = [...BY_NAME.keys()];

export type PortProtocol =
  | { kind: 'declared'; protocol: AppProtocol }
  /** Neither name nor appProtocol tells: as in Istio the first bytes of each connection do, but at some well-known ports. */
  | { kind: 'undeclared'; protocol: 'auto' | 'tcp' }
  | { kind: 'unsupported'; name: string };

export function portProtocol(port: {
  name?: string | undefined;
  appProtocol?: string | undefined;
  port: number;
}): PortProtocol {
  const appProtocol = port.appProtocol?.toLowerCase();
  const declared = appProtocol ?? prefixOf(port.name?.toLowerCase() ?? '');
  if (declared === 'udp' || declared === 'grpc-web') return { kind: 'unsupported', name: declared };
  const protocol = BY_NAME.get(declared) ?? BY_APP_PROTOCOL.get(appProtocol ?? '');
  if (protocol) return { kind: 'declared', protocol };
  return { kind: 'undeclared', protocol: SERVER_FIRST_PORTS.has(port.port) ? 'tcp' : 'auto' };
}

function prefixOf(name: string): string {
  if (name === 'grpc-web' || name.startsWith('grpc-web-')) return 'grpc-web';
  return name.split('-', 1)[0] ?? '';
}
