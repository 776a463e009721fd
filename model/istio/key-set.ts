/**
 * Which inline `jwks` Istio's webhook takes: a JSON Web Key Set or one key, each key of a known type with its required
 * members. Whether a key is usable is another question: Envoy answers it, and refuses the listener.
 */

/** What is wrong, or null. */
export function keySetError(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'jwks is not JSON';
  }
  if (!isMap(value)) return 'jwks is not a JSON Web Key Set';
  if (!Object.hasOwn(value, 'keys')) return keyError(value, 'jwks is neither a key set nor a key');
  const keys = value['keys'] ?? [];
  if (!Array.isArray(keys)) return 'the keys of a JSON Web Key Set are a list';
  for (const [index, key] of keys.entries()) {
    const error = keyError(key, `key ${index} of jwks has no known type (kty)`);
    if (error) return error;
  }
  return null;
}

/** Whether a key holds what only its owner should have. */
export function holdsPrivateKey(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    const keys = isMap(value) && Array.isArray(value['keys']) ? value['keys'] : [value];
    return keys.some((key) => isMap(key) && (key['d'] !== undefined || key['kty'] === 'oct'));
  } catch {
    return false;
  }
}

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'n'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};
const BYTES = ['e', 'n', 'x', 'y', 'k', 'd', 'p', 'q', 'dp', 'dq', 'qi'];
const TEXTS = ['alg', 'kid', 'use', 'x5t', 'x5t#S256', 'x5u', 'crv'];

function keyError(key: unknown, unknownType: string): string | null {
  if (!isMap(key)) return unknownType;
  const type = key['kty'];
  const required = typeof type === 'string' && Object.hasOwn(REQUIRED, type) ? REQUIRED[type] : undefined;
  if (!required) return unknownType;
  const missing = required.find((member) => !Object.hasOwn(key, member));
  if (missing) return `a key of type ${String(type)} lacks ${missing}`;
  for (const [member, value] of Object.entries(key)) {
    if (BYTES.includes(member) ? !isBase64(value ?? '') : TEXTS.includes(member) && !isText(value))
      return `${member} of a key is not ${BYTES.includes(member) ? 'base64' : 'a string'}`;
  }
  return null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go reads null into a string as the empty one. */
const isText = (value: unknown): boolean => value === null || typeof value === 'string';

/** Either alphabet, padded or not, line breaks anywhere. */
function isBase64(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const text = value.replace(/[\r\n]/g, '');
  const digits = text.replace(/={1,2}$/, '');
  if (!/^(?:[A-Za-z0-9_-]*|[A-Za-z0-9+/]*)$/.test(digits)) return false;
  return digits.length < text.length ? text.length % 4 === 0 : digits.length % 4 !== 1;
}
