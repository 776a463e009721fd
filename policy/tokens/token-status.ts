/**
 * What came of a token: our reason, and the words in which Envoy answers. One table for bodies and response code
 * details.
 */

const WORDS = {
  'token-missing': 'Jwt is missing',
  'token-not-yet-valid': 'Jwt not yet valid',
  'token-expired': 'Jwt is expired',
  'token-bad-format': 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  'token-header-bad-base64': 'Jwt header is an invalid Base64url encoded',
  'token-header-bad-json': 'Jwt header is an invalid JSON',
  'token-header-bad-alg': 'Jwt header [alg] field is required and must be a string',
  'token-header-unknown-alg': 'Jwt header [alg] is not supported',
  'token-header-bad-kid': 'Jwt header [kid] field is not a string',
  'token-payload-bad-base64': 'Jwt payload is an invalid Base64url encoded',
  'token-payload-bad-json': 'Jwt payload is an invalid JSON',
  'token-iss-not-string': 'Jwt payload [iss] field is not a string',
  'token-sub-not-string': 'Jwt payload [sub] field is not a string',
  'token-jti-not-string': 'Jwt payload [jti] field is not a string',
  'token-iat-not-integer': 'Jwt payload [iat] field is not an integer',
  'token-iat-out-of-range': 'Jwt payload [iat] field is not a positive 64 bit integer',
  'token-nbf-not-integer': 'Jwt payload [nbf] field is not an integer',
  'token-nbf-out-of-range': 'Jwt payload [nbf] field is not a positive 64 bit integer',
  'token-exp-not-integer': 'Jwt payload [exp] field is not an integer',
  'token-exp-out-of-range': 'Jwt payload [exp] field is not a positive 64 bit integer',
  'token-aud-not-strings': 'Jwt payload [aud] field is not a string or string list',
  'token-signature-bad-base64': 'Jwt signature is an invalid Base64url encoded',
  'token-signature-wrong-length': 'Jwt ED25519 signature is wrong length',
  'token-unknown-issuer': 'Jwt issuer is not configured',
  'token-audience-not-allowed': 'Audiences in Jwt are not allowed',
  'token-no-matching-key': "Jwks doesn't have key to match kid or alg from Jwt",
  'token-signature-invalid': 'Jwt verification fails',
} as const;

/** Why a token doesn't count; `token-missing` = there is none. */
export type TokenFault = keyof typeof WORDS;

/** Envoy's body for the fault. */
export function faultBody(fault: TokenFault): string {
  return WORDS[fault];
}

/** Envoy's response code details. */
export function faultDetails(fault: TokenFault): string {
  return `jwt_authn_access_denied{${WORDS[fault].replaceAll(' ', '_')}}`;
}

/** A token for somebody else is forbidden; any other fault leaves the caller unauthenticated. */
export function faultStatus(fault: TokenFault): 401 | 403 {
  return fault === 'token-audience-not-allowed' ? 403 : 401;
}
