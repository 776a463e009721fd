/** Values that stand in several places of a policy, and what Istio's webhook takes for them: null, or why not. */
import { parseIpAddress, parseIpBlock } from '../ip-block.ts';

/** A port as Istio's policies write it: a decimal string. */
export function isPort(value: string): boolean {
  return /^\d+$/.test(value) && Number(value) <= 65535;
}

/** An address (with an IPv6 zone, too, though Envoy knows none) or a CIDR block. */
export function isAddressOrBlock(value: string): boolean {
  if (parseIpBlock(value)) return true;
  const zone = value.indexOf('%');
  return (
    zone > 0 &&
    zone < value.length - 1 &&
    !value.includes('/') &&
    value.includes(':') &&
    parseIpAddress(value.slice(0, zone)) !== null
  );
}

/** At most one wildcard, and that at an end. */
export function wildcardError(value: string): string | null {
  const stars = value.split('*').length - 1;
  if (stars > 1) return `"${value}": at most one wildcard is allowed`;
  return value.slice(1, -1).includes('*') ? `"${value}": a wildcard stands at the start or at the end` : null;
}

/** Of the fields `trustDomains` and `notTrustDomains`; a condition on source.trustDomain lets the slash pass. */
export function trustDomainError(value: string): string | null {
  if (value.includes('/')) return `"${value}" is not a trust domain: it has a slash`;
  return wildcardError(value);
}

const MAX_ACCOUNTS = 16;
const MAX_ACCOUNT_BYTES = 320;

/** What is wrong with the list as a whole. */
export function tooManyAccounts(values: readonly string[]): string | null {
  return values.length > MAX_ACCOUNTS ? `at most ${MAX_ACCOUNTS} service accounts can be listed` : null;
}

/** `account` or `namespace/account`. */
export function serviceAccountError(value: string): string | null {
  if (value.includes('*')) return 'service accounts take no wildcards';
  if (byteLength(value) > MAX_ACCOUNT_BYTES)
    return `a service account has at most ${MAX_ACCOUNT_BYTES} bytes`;
  const [namespace, account, more] = value.split('/');
  if (more !== undefined || account === '' || (namespace === '' && account !== undefined))
    return `"${value}" is neither an account nor namespace/account`;
  return null;
}

function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
