/** The one table from OpenSSL's and the socket's handshake errors to our reasons and Envoy's words. */

export type HandshakeReason =
  | 'handshake-timeout'
  | 'handshake-closed'
  | 'handshake-failed'
  | 'tls-version'
  | 'no-shared-cipher'
  | 'peer-refused-certificate';

interface Row {
  reason: HandshakeReason;
  details: string | null;
}

const ROWS: readonly [pattern: RegExp, row: Row][] = [
  [/^ETIMEDOUT$|^ERR_TLS_HANDSHAKE_TIMEOUT$/, { reason: 'handshake-timeout', details: null }],
  [/^ECLOSED$|^ECONNRESET$|^EPIPE$/, { reason: 'handshake-closed', details: null }],
  [
    /UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|WRONG_VERSION|PROTOCOL_VERSION|NO_PROTOCOLS/,
    { reason: 'tls-version', details: 'tls: UNSUPPORTED_PROTOCOL' },
  ],
  [
    /NO_SHARED_CIPHER|NO_SUITABLE|NO_SHARED_GROUP/,
    { reason: 'no-shared-cipher', details: 'tls: NO_SHARED_CIPHER' },
  ],
  // The peer's alert about a certificate: ours didn't please it.
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    { reason: 'peer-refused-certificate', details: 'tls: TLSV1_ALERT_UNKNOWN_CA' },
  ],
];

/** Names what ended a handshake with a `client` or with a `server`. */
export function handshakeReason(
  error: Error & { code?: string },
  peer: 'client' | 'server',
): Row & { message: string } {
  const code = error.code ?? '';
  const row = ROWS.find(([pattern]) => pattern.test(code))?.[1] ?? {
    reason: 'handshake-failed',
    details: code ? `tls: ${code.replace(/^ERR_SSL_/, '')}` : null,
  };
  return { ...row, message: `the TLS handshake with the ${peer} failed: ${error.message.trim()}` };
}
