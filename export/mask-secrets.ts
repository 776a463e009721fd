/**
 * What leaves the machine in a report must not carry a secret: tokens, passwords, cookies, keys. Reports are made of
 * what scenarios sent and services answered, so a secret may stand in any of their texts; here each is replaced.
 */

const MASK = '[secret]';

/** Each with what of the match stays; the order matters: whole keys before the words in them. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  // JSON web tokens: two base64url parts that begin like a JSON object, with or without a signature.
  [/\beyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?/g, MASK],
  [/\b(bearer|basic|digest)[ \t]+(?!\[secret\])[\w.~+/=-]{6,}/gi, `$1 ${MASK}`],
  [
    /\b((?:set-)?cookie|authorization|x-api-key)("?[ \t]*[:=][ \t]*"?)(?!(?:bearer|basic|digest) )[^\r\n",]+/gi,
    `$1$2${MASK}`,
  ],
  [
    /\b(access_token|id_token|refresh_token|client_secret|api_?key|password|passwd|secret|token)("?[ \t]*[:=][ \t]*"?)(?!\[secret\])[^&\s",;]+/gi,
    `$1$2${MASK}`,
  ],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi, `$1${MASK}@`],
];

/** Header names whose values are secrets wherever a report names them. */
const SECRET_FIELD = /^(?:headers\[)?(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key)\]?$/i;

/** `text` with every secret in it replaced. */
export function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Whether a value named so is a secret as a whole. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name);
}

/** A copy of a plain value with every text in it masked. Keys stay. */
export function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value);
  if (Array.isArray(value)) return value.map(maskValue);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  // Assertions and clauses name the header beside its values.
  const named = entries.some(
    ([key, each]) =>
      (key === 'what' || key === 'field') &&
      typeof each === 'string' &&
      isSecretField(each.replace(/^when\[request\.(.*)\]$/, '$1')),
  );
  return Object.fromEntries(
    entries.map(([key, each]) => {
      const whole = isSecretField(key) || (named && (key === 'wanted' || key === 'got'));
      return [key, whole ? maskWhole(each) : maskValue(each)];
    }),
  );
}

function maskWhole(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskWhole);
  return typeof value === 'string' ? MASK : maskValue(value);
}
