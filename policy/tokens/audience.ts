/** Audiences as Envoy compares them: without `http(s)://` and one trailing slash, case kept. */
export function comparableAudience(audience: string): string {
  const scheme = audience.startsWith('http://') ? 7 : audience.startsWith('https://') ? 8 : 0;
  return audience.slice(scheme, audience.endsWith('/') ? Math.max(scheme, audience.length - 1) : undefined);
}
