/**
 * Which bytes names and values of HTTP fields may hold, as Envoy's HTTP/2 codec reads RFC 9110 §5 and RFC 9113 §8.2.1.
 * Text has one character a byte. One pass each, by table: what is looked at comes from an attacker.
 */

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = DIGITS + LOWER + LOWER.toUpperCase();
const TOKEN_MARKS = "!#$%&'*+-.^_`|~";

const FIELD_NAME = table(DIGITS + LOWER + TOKEN_MARKS);
const TOKEN = table(ALNUM + TOKEN_MARKS);
const SCHEME = table(`${ALNUM}+-.`);
/** RFC 3986 §3.2 without userinfo: an `@` in an authority is an old trick. */
const AUTHORITY = table(`${ALNUM}-._~%!$&'()*+,;=:[]`);

/** A field name of HTTP/2: a token without capitals. */
export function isFieldName(text: string): boolean {
  return text !== '' && allIn(text, FIELD_NAME);
}

/** A token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== '' && allIn(text, TOKEN);
}

/** A URI scheme: a letter first. */
export function isScheme(text: string): boolean {
  return /^[A-Za-z]/.test(text) && allIn(text, SCHEME);
}

/** A host with or without a port, by its characters only; may be empty. */
export function isUriAuthority(text: string): boolean {
  return allIn(text, AUTHORITY);
}

/** The same, with userinfo: what an HTTP/1 Host may be made of. */
export function isHost(text: string): boolean {
  return isUriAuthority(text.replaceAll('@', ''));
}

/** Anything but control bytes, the tab aside; bytes above ASCII pass. */
export function isFieldValue(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}

/** Neither blanks nor control bytes; bytes above ASCII pass. */
export function isPathValue(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f) return false;
  }
  return true;
}

/** Without the blanks around it, which are the wire's and not the value's. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function table(characters: string): readonly boolean[] {
  const allowed: boolean[] = Array.from({ length: 256 }, () => false);
  for (const character of characters) allowed[character.charCodeAt(0)] = true;
  return allowed;
}

function allIn(text: string, allowed: readonly boolean[]): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (allowed[text.charCodeAt(index)] !== true) return false;
  }
  return true;
}
