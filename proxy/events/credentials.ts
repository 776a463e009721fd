/** A last look at bytes on their way to a disk: whether credentials stand among them that should not. */
import { CREDENTIAL_FIELDS } from '../../wire/credential-fields.ts';

/** `authorization:` stands in `proxy-authorization:` too. A value that looks like a field costs time, nothing else. */
const NAMES = CREDENTIAL_FIELDS.filter(
  (name) => !CREDENTIAL_FIELDS.some((other) => other !== name && name.endsWith(other)),
);
/**
 * Fields of heads as our lanes write them, names lower-case; and the beginning of a token of JSON. One pass of an
 * expression takes half the time of a search for each.
 */
const CREDENTIAL = new RegExp(`(?:${NAMES.join('|')}):|eyJ`);

/** Whether a head among `octets` has a field that carries a credential, or a token anywhere. */
export function holdsCredentials(octets: Uint8Array): boolean {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  return CREDENTIAL.test(bytes.toString('latin1'));
}
