/**
 * Fields that Envoy keeps one of: when such a field comes several times, its values are joined by commas before any filter
 * sees them, and so they go upstream. Others stay as many as they came. (Envoy's inline headers, envoy/http/header_map.h.)
 */

const INLINE: ReadonlySet<string> = new Set(
  (
    'accept accept-encoding access-control-request-headers access-control-request-method ' +
    'access-control-request-private-network authentication authorization cache-control cdn-loop content-encoding ' +
    'content-type expect grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match if-range ' +
    'if-unmodified-since origin pragma proxy-status referer te user-agent via x-client-trace-id x-forwarded-client-cert ' +
    'x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id ' +
    'x-envoy-attempt-count x-envoy-decorator-operation x-envoy-downstream-service-cluster ' +
    'x-envoy-downstream-service-node x-envoy-external-address x-envoy-original-host x-envoy-original-path'
  ).split(' '),
);

/** Names lower-case. The joined field stands where the first of its name stood. */
export function joinInlineHeaders(headers: readonly (readonly [string, string])[]): [string, string][] {
  const joined: [string, string][] = [];
  const first = new Map<string, [string, string]>();
  for (const [name, value] of headers) {
    const known = INLINE.has(name) ? first.get(name) : undefined;
    if (known === undefined) {
      const field: [string, string] = [name, value];
      joined.push(field);
      first.set(name, field);
    } else if (value !== '') known[1] = known[1] === '' ? value : `${known[1]},${value}`;
  }
  return joined;
}
