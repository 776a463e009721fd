/**
 * Where keys come from, as far as the URL tells without asking the network: fetched in the clear, from the control
 * plane's own machine, from an address that only a machine's metadata service has, or from a private network.
 */
import { keyFilePath } from '../../model/istio/key-file.ts';
import { parseIpAddress } from '../../model/ip-block.ts';
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import { blockContains, readBlock } from '../../wire/ip-block.ts';
import type { Finding, Lint } from '../lint.ts';

interface Rule {
  jwks?: string | undefined;
  jwksUri?: string | undefined;
  jwks_uri?: string | undefined;
}

export const jwksUriPrivate: Lint = {
  code: 'jwks-uri-private',
  summary: 'jwksUri is fetched without TLS, or the control plane cannot reach it',
  check: ({ mesh }) =>
    mesh.policies
      .filter(({ kind }) => kind === 'RequestAuthentication')
      .flatMap((object) => {
        const { jwtRules } = (object.spec ?? {}) as { jwtRules?: readonly Rule[] };
        return (jwtRules ?? []).flatMap((rule, index) => suspicious(object, rule, index));
      }),
};

function suspicious(object: PolicyObject, rule: Rule, index: number): Finding[] {
  const field = rule.jwksUri === undefined ? 'jwks_uri' : 'jwksUri';
  const uri = rule[field];
  // Inline keys win: then nothing is fetched. A path is admission's to warn about.
  if (!uri || rule.jwks || keyFilePath(uri) !== null) return [];
  const at = positionOf(object, ['spec', 'jwtRules', index, field]);
  const name = `RequestAuthentication ${object.metadata.namespace}/${object.metadata.name}`;
  const host = hostOf(uri);
  if (isOwnMachine(host))
    return [
      {
        severity: 'warning',
        message: `${name}: ${field} names ${host}, which istiod takes for itself: no key is ever fetched, and every token is refused with 401`,
        hint: 'istiod fetches the keys, not the sidecar: name a host that it can reach, or write them under jwks',
        at,
      },
    ];
  if (host.startsWith('169.254.') || host === 'metadata.google.internal')
    return [
      {
        severity: 'warning',
        message: `${name}: ${field} makes istiod ask the machine's metadata service (${host})`,
        hint: 'name the host of the issuer; who may write this policy may otherwise use istiod to look around',
        at,
      },
    ];
  if (uri.toLowerCase().startsWith('http://'))
    return [
      {
        severity: 'warning',
        message: `${name}: the keys are fetched without TLS: whoever stands between istiod and ${host} chooses which tokens are good`,
        hint: 'use https://, or write the keys under jwks',
        at,
      },
    ];
  if (isPrivate(host))
    return [
      {
        severity: 'warning',
        message: `${name}: ${field} names ${host}, an address of a private network: where istiod has no way there, every token is refused with 401`,
        hint: 'name a host that every control plane of this mesh can reach, or write the keys under jwks',
        at,
      },
    ];
  return [];
}

/** RFC 1918, RFC 6598 and RFC 4193. */
const PRIVATE_BLOCKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].flatMap(
  (text) => readBlock(text) ?? [],
);

function isPrivate(host: string): boolean {
  return PRIVATE_BLOCKS.some((block) => blockContains(block, host));
}

function hostOf(uri: string): string {
  const start = uri.indexOf('://') + 3;
  const authority = uri.slice(start).split(/[/?#]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return host.split(':', 1)[0] ?? '';
}

function isOwnMachine(host: string): boolean {
  const bytes = parseIpAddress(host);
  if (bytes?.length === 4) return bytes[0] === 127 || bytes.every((byte) => byte === 0);
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost');
}
