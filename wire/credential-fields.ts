/** Header fields whose values are credentials, lower-case: never put into an HPACK table, never recorded. */

export const CREDENTIAL_FIELDS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-amz-security-token',
];
