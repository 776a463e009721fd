/**
 * TLS towards servers that are no sidecars (`tls.mode: SIMPLE` and `MUTUAL`): the certificate, the roots and the names of
 * the DestinationRule. A server of the mesh never comes this way: who it is, the gate says.
 */
import net from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { Decision } from '../../model/decision.ts';
import {
  unexpectedNames,
  unmatchedNames,
  validatorWords,
  verifyErrorDetails,
} from '../../wire/verify-error.ts';
import { readX509Extensions } from '../../wire/x509-extensions.ts';
import { decisionOf } from '../error-table.ts';
import { UpstreamRefused } from '../forward-http.ts';
import { handshakeReason } from '../handshake-reason.ts';

export interface Origination {
  host: string;
  port: number;
  timeoutMs: number;
  /** `''`: none is sent. */
  sni: string;
  alpn: readonly string[];
  /** What the server is shown where it asks; null = nothing. */
  certificate: { certificateChainPem: string; privateKeyPem: string } | null;
  /** null: the server isn't verified. */
  verify: {
    /** PEM; null = the machine's own. */
    roots: readonly string[] | null;
    /** One of these the server must be called; none = any name of a known authority. */
    names: readonly string[];
    /** The server must be the SNI's. */
    host: string | null;
  } | null;
  connected(raw: net.Socket): void;
}

/** Connects; throws `UpstreamRefused` when there is nobody, or somebody else. */
export async function originateTls(origination: Origination): Promise<TLSSocket> {
  const { host, port, timeoutMs, sni, alpn, verify } = origination;
  const secureContext = contextOf(origination);
  return await new Promise((resolve, reject) => {
    const raw = net.connect({ host, port, noDelay: true });
    const fail = (failure: 'connect-failure' | 'wrong-peer-identity', error: Error): void => {
      clearTimeout(timer);
      raw.destroy();
      reject(new UpstreamRefused(refusal(failure, error), error));
    };
    const timer = setTimeout(() => fail('connect-failure', new Error('connect timeout')), timeoutMs);
    raw.once('error', (error) => fail('connect-failure', error));
    raw.once('connect', () => {
      origination.connected(raw);
      const socket = connect({
        socket: raw,
        ...(sni === '' || net.isIP(sni) !== 0 ? {} : { servername: sni }),
        ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
        secureContext,
        rejectUnauthorized: verify !== null,
        checkServerIdentity: (_, certificate) =>
          verify === null ? undefined : nameFault(certificate, verify),
      });
      socket.once('error', (error) => fail('wrong-peer-identity', error));
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        raw.removeAllListeners('error');
        raw.on('error', () => undefined);
        resolve(socket);
      });
    });
  });
}

/** Throws `UpstreamRefused` for what OpenSSL doesn't take, such as a key that is too short. */
function contextOf({ certificate, verify }: Origination): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(verify?.roots ? { ca: [...verify.roots] } : {}),
      ...(certificate === null
        ? {}
        : { cert: certificate.certificateChainPem, key: certificate.privateKeyPem }),
    });
  } catch (error) {
    throw new UpstreamRefused(decisionOf('connect-failure', 'unusable-secret'), error);
  }
}

/** The server is somebody else; `words` are those of Envoy's validator. */
class WrongNames extends Error {
  readonly words: string;
  readonly code: string | undefined;

  constructor(words: string, code?: string) {
    super(words);
    this.words = words;
    this.code = code;
  }
}

/** OpenSSL's codes and what the gate calls the same. */
const CHAIN_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-authority',
};

function refusal(
  failure: 'connect-failure' | 'wrong-peer-identity',
  error: Error & { code?: string | undefined },
): Decision {
  const { code } = error;
  const ended = handshakeReason(error, 'server').reason;
  // The server's own doing, in TLS 1.2; in 1.3 it comes after the handshake, and is the exchange's to tell.
  if (ended === 'peer-refused-certificate' || (ended === 'handshake-closed' && failure !== 'connect-failure'))
    return decisionOf('connect-failure', ended);
  const reason = code === undefined ? failure : `${failure}-${code.toLowerCase().replaceAll('_', '-')}`;
  const words =
    error instanceof WrongNames ? error.words : validatorWords(CHAIN_FAULTS[code ?? ''] ?? '', []);
  const decision = decisionOf(failure, reason);
  return words === null ? decision : { ...decision, details: verifyErrorDetails(words) };
}

function nameFault(
  certificate: PeerCertificate,
  { names, host }: NonNullable<Origination['verify']>,
): Error | undefined {
  // A certificate that can't be read without a doubt names nobody.
  const own = readX509Extensions(certificate.raw)?.names ?? [];
  if (names.length > 0 && !names.some((name) => own.includes(name)))
    return new WrongNames(unmatchedNames(own));
  if (host === null) return undefined;
  // Node goes on to the subject where no SAN can be asked; Envoy never does.
  const subjectless = { ...certificate, subject: { ...certificate.subject, CN: '' } };
  const fault = checkServerIdentity(host, subjectless);
  return fault && new WrongNames(unexpectedNames([host], own), 'ERR_TLS_CERT_ALTNAME_INVALID');
}
