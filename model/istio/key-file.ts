/**
 * `jwksUri` as a path: for work without a network. Istio refuses it, so nothing but Greenroom's own projects and suites
 * takes it, and they say so.
 */

/** The path that a `jwksUri` names (`file:keys.json`, `file:///…`, `./keys.json`, `../keys.json`); null for a URL. */
export function keyFilePath(uri: string): string | null {
  if (uri.startsWith('./') || uri.startsWith('../')) return uri;
  if (!uri.startsWith('file:')) return null;
  const path = uri.slice('file:'.length);
  return path.startsWith('//') ? path.slice(2) : path;
}
