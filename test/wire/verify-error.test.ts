/** Envoy's words for refused certificates: each was read in a log of Envoy 1.40 that met such a server. */
import { expect, it } from 'vitest';
import {
  unexpectedNames,
  unmatchedNames,
  validatorWords,
  verifyErrorDetails,
} from '../../wire/verify-error.ts';

const OTHER = 'spiffe://cluster.local/ns/shop/sa/other';
const SEEN =
  'upstream_reset_before_response_started{remote_connection_failure|TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_';
const END = ':TLS_error_end}';

it.each(['no-spiffe-id', 'client-auth-only', 'malformed-certificate', 'tls-version', 'constructor'])(
  'has no words for %s, which nobody has seen it refuse',
  (reason) => {
    expect(validatorWords(reason, [])).toBeNull();
  },
);

it.each([
  ['expired', 'X509_verify_cert:_certificate_verification_error_at_depth_0:_certificate_has_expired'],
  [
    'not-yet-valid',
    'X509_verify_cert:_certificate_verification_error_at_depth_0:_certificate_is_not_yet_valid',
  ],
  [
    'unknown-authority',
    'X509_verify_cert:_certificate_verification_error_at_depth_0:_unable_to_get_local_issuer_certificate',
  ],
  [
    'self-signed',
    'X509_verify_cert:_certificate_verification_error_at_depth_0:_unable_to_get_local_issuer_certificate',
  ],
  ['unexpected-identity', `SAN_matcher,_certificate_SANs_are_[${OTHER},_spiffe://foreign/x]`],
  ['foreign-trust-domain', `SAN_matcher,_certificate_SANs_are_[${OTHER},_spiffe://foreign/x]`],
])('tells %s as Envoy does', (reason, words) => {
  const said = validatorWords(reason, [OTHER, 'spiffe://foreign/x']);
  expect(verifyErrorDetails(said ?? '')).toBe(`${SEEN}${words}${END}`);
});

it('tells which names were expected and which the server has', () => {
  expect(verifyErrorDetails(unexpectedNames(['a.example'], [OTHER, 'x.example']))).toBe(
    `${SEEN}verify_SAN_list,_expected_SANs:_[a.example],_certificate_SANs:_[${OTHER},_x.example]${END}`,
  );
  expect(unmatchedNames([OTHER])).toBe(`SAN matcher, certificate SANs are [${OTHER}]`);
});
