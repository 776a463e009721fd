/**
 * URLs as Go's net/url takes them, as far as Istio asks: is it one, and what is its scheme. WHATWG's URL is another
 * grammar (it repairs what Go refuses), and this folder has no DOM.
 */

/** `reference`: anything that may stand in a link. `request`: absolute, as in a request line. */
export type UrlForm = 'reference' | 'request';

/** The scheme in lower case (empty when there is none), or null when Go refuses the text. */
export function goUrlScheme(text: string, form: UrlForm = 'reference'): string | null {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return null;
  }
  const hash = form === 'reference' ? text.indexOf('#') : -1;
  if (hash >= 0 && !escapesAreWhole(text.slice(hash + 1))) return null;
  const body = hash < 0 ? text : text.slice(0, hash);
  if (body === '') return form === 'request' ? null : '';
  if (body === '*') return '';
  const split = splitScheme(body);
  if (!split) return null;
  const { scheme, rest } = split;
  const path = rest.split('?', 1)[0] ?? '';
  if (!path.startsWith('/')) {
    if (scheme !== '') return scheme;
    if (form === 'request') return null;
    const colon = path.indexOf(':');
    const slash = path.indexOf('/');
    if (colon >= 0 && (slash < 0 || colon < slash)) return null;
    return escapesAreWhole(path) ? scheme : null;
  }
  if ((scheme !== '' || (form === 'reference' && !path.startsWith('///'))) && path.startsWith('//')) {
    const end = path.indexOf('/', 2);
    if (!isAuthority(path.slice(2, end < 0 ? path.length : end))) return null;
    return end < 0 || escapesAreWhole(path.slice(end)) ? scheme : null;
  }
  return escapesAreWhole(path) ? scheme : null;
}

function splitScheme(text: string): { scheme: string; rest: string } | null {
  const found = /^([a-zA-Z][a-zA-Z0-9+\-.]*):/.exec(text);
  if (found) return { scheme: (found[1] ?? '').toLowerCase(), rest: text.slice(found[0].length) };
  return text.startsWith(':') ? null : { scheme: '', rest: text };
}

function isAuthority(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (
    at >= 0 &&
    !(/^[a-zA-Z0-9\-._:~!$&'()*+,;=%@]*$/.test(text.slice(0, at)) && escapesAreWhole(text.slice(0, at)))
  )
    return false;
  const host = text.slice(at + 1);
  const end = host.startsWith('[') ? host.lastIndexOf(']') : -1;
  if (host.startsWith('[') && end < 0) return false;
  const colon = end < 0 ? host.lastIndexOf(':') : end + 1;
  const port = colon < 0 ? '' : host.slice(colon);
  if (port !== '' && !/^:\d*$/.test(port)) return false;
  const name = colon < 0 ? host : host.slice(0, colon);
  // In a host only bytes beyond ASCII may be escaped; after `%25` stands an IPv6 zone.
  const plain = end < 0 ? name : (name.split('%25', 1)[0] ?? '');
  // In two steps of one class each: a repeated group would overflow the stack on a long name.
  return !/[^a-zA-Z0-9\-._~!$&'()*+,;=:[\]<>"\u0080-\uffff]/.test(
    plain.replace(/%[89a-fA-F][0-9a-fA-F]/g, ''),
  );
}

/** Every `%` is followed by two hexadecimal digits. */
function escapesAreWhole(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}
