/**
 * What Istio's CRDs demand beyond types and bounds: one check for each CEL expression in them, by name (the names are
 * given by scripts/crd-expressions.ts). A value on which the expression itself would fail is refused, as the API
 * server does. The structure is checked before, so a rule may rely on the types.
 */
import { MILLISECOND_NS, parseGoDuration } from './go-duration.ts';
import { goUrlScheme } from './go-url.ts';

export type CrdRule = ({ holds(value: unknown): boolean } | { holdsForKey(key: string): boolean }) & {
  message: string;
  hint?: string;
};

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const has = (value: unknown, field: string): boolean => fields(value)[field] !== undefined;
const isPort = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 65535;
const isSocket = (value: unknown): boolean => text(value).startsWith('unix://');

function isModuleUrl(value: unknown): boolean {
  const scheme = goUrlScheme(text(value), 'request') ?? goUrlScheme(`http://${text(value)}`, 'request');
  return scheme !== null && ['', 'http', 'https', 'file', 'oci'].includes(scheme);
}

/** By name. */
export const CRD_RULES: Readonly<Record<string, CrdRule>> = {
  'wasm-or-lua': {
    holds: (value) => has(value, 'wasm') !== has(value, 'lua'),
    message: 'exactly one of wasm and lua must be set',
  },
  'keys-without-wildcard': {
    holdsForKey: (key) => !key.includes('*'),
    message: 'a label key takes no wildcards',
  },
  'keys-not-empty': { holdsForKey: (key) => key !== '', message: 'a label key must not be empty' },
  'without-wildcard': {
    holds: (value) => !text(value).includes('*'),
    message: 'a selector takes no wildcards',
  },
  'own-namespace': {
    holds: (value) => text(value) === '',
    message: 'only objects of the same namespace can be named here',
  },
  'module-url': { holds: isModuleUrl, message: 'the URL must begin with http, https, file or oci' },
  'value-only-inline': {
    holds: (value) => fields(value)['valueFrom'] !== 'HOST' || !has(value, 'value'),
    message: 'a variable that is taken from the host has no value of its own',
  },
  duration: {
    holds: (value) => (parseGoDuration(text(value)) ?? 0n) >= MILLISECOND_NS,
    message: 'not a duration of at least 1ms',
    hint: 'such as 5s or 250ms',
  },
  'waypoint-context': {
    holds: (value) => (fields(value)['context'] === 'WAYPOINT') === has(value, 'waypoint'),
    message: 'waypoint stands with context WAYPOINT, and only there',
  },
  port: { holds: isPort, message: 'not a port (1 to 65535)' },
  'port-keys': {
    holdsForKey: (key) => /^[-+]?\d+$/.test(key) && isPort(Number(key)),
    message: 'not a port (1 to 65535)',
  },
  'cidr-needs-static': {
    holds: (value) =>
      !list(fields(value)['addresses']).some((address) => text(address).includes('/')) ||
      ['STATIC', 'NONE'].includes(text(fields(value)['resolution'] ?? 'NONE')),
    message: 'addresses with a prefix length need resolution STATIC or NONE',
  },
  'endpoints-need-resolution': {
    holds: (value) => (fields(value)['resolution'] ?? 'NONE') !== 'NONE' || !has(value, 'endpoints'),
    message: 'endpoints need a resolution other than NONE',
  },
  'round-robin-one-endpoint': {
    holds: (value) =>
      fields(value)['resolution'] !== 'DNS_ROUND_ROBIN' || list(fields(value)['endpoints']).length <= 1,
    message: 'resolution DNS_ROUND_ROBIN takes one endpoint',
  },
  'address-or-network': {
    holds: (value) => has(value, 'address') || has(value, 'network'),
    message: 'an address (or a network) is missing',
  },
  'socket-without-ports': {
    holds: (value) => !isSocket(fields(value)['address']) || !has(value, 'ports'),
    message: 'a Unix socket has no ports',
  },
  'socket-absolute': {
    holds: (value) => !isSocket(value) || ['/', '@'].includes(text(value).charAt(7)),
    message: 'the path of a Unix socket begins with / (or @, when it is abstract)',
  },
  'socket-no-folder': {
    holds: (value) => !isSocket(value) || !text(value).endsWith('/'),
    message: 'the path of a Unix socket is no folder',
  },
  'port-names': {
    holdsForKey: (key) =>
      key.length < 63 && /^[a-zA-Z0-9]/.test(key) && /^[-a-zA-Z0-9]*[a-zA-Z0-9]$/.test(key),
    message: 'a port name has letters, digits and inner hyphens, 62 at most',
  },
  'host-not-any': { holds: (value) => value !== '*', message: 'a lone * is no host' },
  'port-numbers-unique': {
    holds: (value) => {
      const numbers = list(value).map((port) => fields(port)['number']);
      return new Set(numbers).size === numbers.length;
    },
    message: 'two ports have the same number',
  },
  'probe-scheme': {
    holds: (value) => ['', 'HTTP', 'HTTPS'].includes(text(value)),
    message: 'a probe uses HTTP or HTTPS',
  },
  'accounts-alone': {
    holds: (value) =>
      !(has(value, 'serviceAccounts') || has(value, 'notServiceAccounts')) ||
      !['principals', 'notPrincipals', 'namespaces', 'notNamespaces'].some((field) => has(value, field)),
    message: "serviceAccounts can't stand beside principals or namespaces in one source",
    hint: 'write two entries under `from`: they are alternatives',
  },
  'ports-need-selector': {
    holds: (value) =>
      !has(value, 'portLevelMtls') ||
      Object.keys(fields(fields(fields(value)['selector'])['matchLabels'])).length > 0,
    message: 'portLevelMtls needs a selector with labels',
  },
  'http-url': {
    holds: (value) => ['http', 'https'].includes(goUrlScheme(text(value), 'request') ?? ''),
    message: 'not a URL that begins with http:// or https://',
  },
  'upsert-needs-value': {
    holds: (value) =>
      fields(value)['operation'] !== 'UPSERT' || (has(value, 'value') && fields(value)['value'] !== ''),
    message: 'operation UPSERT needs a value',
  },
  'remove-without-value': {
    holds: (value) => fields(value)['operation'] !== 'REMOVE' || !has(value, 'value'),
    message: 'operation REMOVE takes no value',
  },
};
