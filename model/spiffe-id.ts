/**
 * SPIFFE ids, parsed strictly by the SPIFFE-ID standard: no case folding, no percent-decoding, no trimming.
 * Refuses everything that two readers could read in two ways.
 */

export interface SpiffeId {
  /** As written, `spiffe://…`. */
  id: string;
  trustDomain: string;
  /** Empty, or with a leading slash. */
  path: string;
}

/** Why a text is no SPIFFE id. */
export type SpiffeIdFault =
  | 'empty'
  | 'scheme'
  | 'trust-domain-missing'
  | 'trust-domain-characters'
  | 'path-characters'
  | 'path-empty-segment'
  | 'path-dot-segment'
  | 'path-trailing-slash'
  | 'too-long';

export type ParsedSpiffeId = { ok: true; value: SpiffeId } | { ok: false; fault: SpiffeIdFault };

const SCHEME = 'spiffe://';
/** SPIFFE-ID §2.3: no implementation needs to take more. */
const MAX_ID_BYTES = 2048;
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

export function parseSpiffeId(text: string): ParsedSpiffeId {
  if (text === '') return no('empty');
  if (text.length > MAX_ID_BYTES) return no('too-long');
  if (!text.startsWith(SCHEME)) return no('scheme');
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  if (trustDomain === '') return no('trust-domain-missing');
  if (!TRUST_DOMAIN.test(trustDomain)) return no('trust-domain-characters');
  const path = slash < 0 ? '' : rest.slice(slash);
  const fault = path === '' ? null : pathFault(path);
  return fault === null ? { ok: true, value: { id: text, trustDomain, path } } : no(fault);
}

/** Istio's form of an id; throws on names that no Kubernetes object could have, since we made them ourselves. */
export function workloadSpiffeId(trustDomain: string, namespace: string, serviceAccount: string): string {
  const id = `${SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  const parsed = parseSpiffeId(id);
  if (!parsed.ok) throw new Error(`not a SPIFFE id (${parsed.fault}): ${id}`);
  if (namespace.includes('/') || serviceAccount.includes('/')) throw new Error(`a slash in a name: ${id}`);
  return id;
}

/** How policies write an identity: without the scheme. */
export function principalOf(spiffeId: string): string {
  return spiffeId.startsWith(SCHEME) ? spiffeId.slice(SCHEME.length) : spiffeId;
}

function pathFault(path: string): SpiffeIdFault | null {
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    if (segment === '') return index === segments.length - 1 ? 'path-trailing-slash' : 'path-empty-segment';
    if (segment === '.' || segment === '..') return 'path-dot-segment';
    if (!SEGMENT.test(segment)) return 'path-characters';
  }
  return null;
}

function no(fault: SpiffeIdFault): ParsedSpiffeId {
  return { ok: false, fault };
}
