/**
 * A query string as Envoy's token filter reads and rewrites it: parameters decoded, kept by name in order of bytes,
 * and written again without being encoded.
 */

/** Values by decoded name. */
export type QueryParams = ReadonlyMap<string, readonly string[]>;

/** The parameters of a path with query. */
export function parseQuery(path: string): QueryParams {
  const params = new Map<string, string[]>();
  const start = path.indexOf('?');
  if (start < 0) return params;
  const parts = path.slice(start + 1).split('&');
  // Nothing after the last `&` is no parameter; nothing between two is one without a name.
  if (parts[parts.length - 1] === '') parts.pop();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decodePercent(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : decodePercent(part.slice(equals + 1));
    const values = params.get(name);
    if (values) values.push(value);
    else params.set(name, [value]);
  }
  return params;
}

/** The path without every parameter of that name. */
export function withoutParam(path: string, name: string): string {
  const params = parseQuery(path);
  const names = [...params.keys()].filter((one) => one !== name).sort();
  const pairs = names.flatMap((one) => (params.get(one) ?? []).map((value) => `${one}=${value}`));
  const start = path.indexOf('?');
  const bare = start < 0 ? path : path.slice(0, start);
  return pairs.length > 0 ? `${bare}?${pairs.join('&')}` : bare;
}

/** Every `%XX` as the byte it stands for; a `%` that begins no escape stays. */
function decodePercent(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
