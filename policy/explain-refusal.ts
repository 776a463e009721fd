/**
 * The why of a request that never reached a policy: refused with its connection, by the codec, or by normalization.
 */
import type { Decision, Explanation, Phase, TrailEntry } from '../model/decision.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  'plaintext-on-strict':
    'This port takes mutual TLS only (PeerAuthentication STRICT), and the caller spoke plaintext.',
  'tls-without-istio-alpn':
    'This port is PERMISSIVE and knows mutual TLS by the ALPN of a sidecar; the caller offered TLS without it.',
  'no-certificate': 'The caller showed no client certificate, and this port requires one.',
  'chain-refused': 'The caller’s certificate doesn’t lead to a root of this mesh, or isn’t valid now.',
  'unknown-authority': 'The caller’s certificate was signed by an authority that this mesh doesn’t trust.',
  'self-signed': 'The caller’s certificate is signed by itself, by no authority of this mesh.',
  expired: 'The caller’s certificate has expired.',
  'not-yet-valid': 'The caller’s certificate isn’t valid yet.',
  'foreign-trust-domain':
    'The caller’s certificate names another trust domain; add it to trustDomainAliases if it belongs to this mesh.',
  'client-hello-on-plaintext':
    'This port is DISABLE, plaintext only, and the caller began a TLS handshake: its ClientHello is no HTTP request.',
  'unknown-server-name':
    'No server of this gateway has the server name (SNI) that the client asked for, or it asked for none.',
  'plaintext-on-https': 'This port of the gateway takes TLS, and the client spoke plaintext.',
  'no-server-at-port': 'No Gateway has a server at this port of the workload.',
  'normalization-failed': 'The path can’t be normalized (a %00, say), so no policy was asked: 400.',
  'not-supported-yet': 'This version can’t judge the request yet, so it is denied.',
};

const BEFORE_POLICIES: ReadonlySet<Phase> = new Set(['mtls', 'codec', 'normalization']);

/** Whether the decision fell before any policy was asked. */
export function fellBeforePolicies(decision: Decision): boolean {
  return decision.verdict === 'deny' && BEFORE_POLICIES.has(decision.phase);
}

/** Sentence and a trail that ends where the request did. */
export function explainRefusal(
  decision: Decision,
  connection: TrailEntry,
  principal: string | null = null,
): Explanation {
  const sentence =
    byMode(decision) ?? byName(decision, principal) ?? SENTENCES[decision.reason] ?? otherSentence(decision);
  const note = decision.details === undefined ? decision.reason : `${decision.reason} (${decision.details})`;
  const { matched } = decision;
  const rules = matched === null ? [] : [{ ref: matched, matched: true, clauses: [] }];
  const last: TrailEntry = { phase: decision.phase, outcome: 'denied', note, rules };
  return { sentence, trail: decision.phase === 'mtls' ? [last] : [connection, last], nearest: null };
}

/** Where a PeerAuthentication made the port what it is, the sentence names it. */
function byMode({ reason, matched }: Decision): string | null {
  if (matched === null) return null;
  const rule = `PeerAuthentication ${matched.namespace}/${matched.name}`;
  switch (reason) {
    case 'plaintext-on-strict':
      return `This port takes mutual TLS only (STRICT by ${rule}), and the caller spoke plaintext. Give the caller a sidecar, or make the port PERMISSIVE there.`;
    case 'tls-without-istio-alpn':
      return `This port is PERMISSIVE (by ${rule}) and knows mutual TLS by the ALPN of a sidecar; the caller offered TLS without it. With STRICT its certificate would count.`;
    case 'no-certificate':
      return `The caller showed no client certificate, and this port requires one (by ${rule}).`;
    default:
      return null;
  }
}

function byName({ reason }: Decision, principal: string | null): string | null {
  if (reason !== 'foreign-trust-domain' || principal === null) return null;
  const domain = principal.slice(0, principal.indexOf('/'));
  return `The caller’s certificate names trust domain ${domain}, which isn’t this mesh’s; add it to trustDomainAliases if it belongs to this mesh.`;
}

function otherSentence({ phase, reason, details }: Decision): string {
  const what = reason.replaceAll('-', ' ');
  const where = details === undefined ? '' : ` (Envoy: ${details})`;
  if (phase === 'mtls') return `The handshake was refused: ${what}${where}.`;
  return `The request was refused before any policy saw it: ${what}${where}.`;
}
