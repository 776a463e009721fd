/**
 * Holes that a header opens on an allowed request: one that tells an application to serve another path or method than
 * the policies judged, and one whose underscores an application may read as the dashes of a name that is trusted.
 */
import type { Finding } from '../model/decision.ts';
import type { HttpFacts } from '../model/request-facts.ts';
import type { Attribute, CompiledPolicy } from './compiled-policy.ts';
import { traitsOf } from './rule-traits.ts';

/** Names by which an application knows who called, as gateways and sidecars write them. */
const IDENTITY: ReadonlySet<string> = new Set([
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-envoy-external-address',
]);

/** Of a header's value, in a message. */
const SHOWN = 120;

/** Findings about the headers of a request that was let in. */
export function headerFindings(policy: CompiledPolicy, { headers }: Pick<HttpFacts, 'headers'>): Finding[] {
  const findings: Finding[] = [];
  for (const [name, value] of headers) {
    const found = name === 'x-forwarded-client-cert' ? foreignElements(value) : headerFinding(policy, name);
    if (found) findings.push(found);
  }
  return findings;
}

/** A sidecar appends its element to those that came with the request; ours begins with By (Envoy's APPEND_FORWARD). */
function foreignElements(value: string): Finding | null {
  const ours = value.lastIndexOf(',By=');
  if (ours < 0) return null;
  return {
    code: 'istio-allows',
    attack: 'M12',
    message: `The caller wrote an X-Forwarded-Client-Cert of its own (${value.slice(0, Math.min(ours, SHOWN))}); over mutual TLS it is kept in front of what this sidecar tells.`,
    remedy: 'Let the application believe the last element alone, or DENY requests that come with the header.',
  };
}

function headerFinding(policy: CompiledPolicy, name: string): Finding | null {
  switch (name) {
    // Read by some frameworks and proxies as the path to serve,
    case 'x-original-url':
    case 'x-rewrite-url':
    case 'x-envoy-original-path':
      return looksAt(policy, 'request.path') ? otherPath(name) : null;
    // or as the method.
    case 'x-http-method-override':
    case 'x-http-method':
    case 'x-method-override':
      return looksAt(policy, 'request.method') ? otherMethod(name) : null;
  }
  if (!name.includes('_')) return null;
  const twin = name.replaceAll('_', '-');
  const trusted = IDENTITY.has(twin) || actions(policy).some((action) => traitsOf(action).headers.has(twin));
  return trusted ? underscores(name, twin) : null;
}

function actions({ deny, allow }: CompiledPolicy): CompiledPolicy['deny'][] {
  return [deny, allow];
}

function looksAt(policy: CompiledPolicy, attribute: Attribute): boolean {
  return actions(policy).some((action) => traitsOf(action).attributes.has(attribute));
}

function otherPath(name: string): Finding {
  return {
    code: 'istio-allows',
    attack: 'P10',
    message: `The client sent ${name}: policies judged the request’s own path, and an application that follows this header serves another.`,
    remedy: `Take ${name} off at the gateway (VirtualService headers.request.remove), or DENY requests that have it.`,
  };
}

function otherMethod(name: string): Finding {
  return {
    code: 'istio-allows',
    attack: 'H5',
    message: `The client sent ${name}: policies judged the request’s own method, and an application that follows this header serves another.`,
    remedy: `Switch method override off in the application, or DENY requests that have ${name}.`,
  };
}

function underscores(name: string, twin: string): Finding {
  return {
    code: 'istio-allows',
    attack: 'H7',
    message: `The client sent ${name}: no policy and no proxy takes it for ${twin}, and an application behind CGI, WSGI or the like does.`,
    remedy: `DENY requests that have ${name}, or let the application refuse names with underscores.`,
  };
}
