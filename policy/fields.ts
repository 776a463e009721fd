/**
 * The one table of what a rule may be written with: every field of `source` and `operation`, every key of `when`;
 * what it looks at, whether it exists on HTTP only, and how one of its values is compiled.
 */
import type { Attribute, ValueMatch } from './compiled-policy.ts';
import { readBlock } from '../wire/ip-block.ts';
import { compileTemplate, isTemplate } from './path-template.ts';
import { claimOfKey, compileRequestPrincipal } from './tokens/token-fields.ts';
import { expandPrincipal, expandTrustDomain } from './trust-domains.ts';
import { compileNamespace, compileServiceAccount, compileString, compileTrustDomain } from './value-match.ts';

/** What compiling a value may depend on. */
export interface FieldContext {
  policyNamespace: string;
  /** The mesh's own first, then its aliases. */
  trustDomains: readonly string[];
}

export interface Field {
  attribute: Attribute;
  header: string | null;
  claim?: readonly string[];
  httpOnly: boolean;
  /** null = Istio doesn't take this value. */
  compile(value: string, context: FieldContext): ValueMatch[] | null;
}

const principal = field('source.principal', (value, { trustDomains }) =>
  expandPrincipal(value, trustDomains).map((one) => compileString(one)),
);
const namespace = field('source.namespace', (value) => [compileNamespace(value)]);
const serviceAccount = field('source.serviceAccount', (value, { policyNamespace }) => [
  compileServiceAccount(value, policyNamespace),
]);
const trustDomain = field('source.trustDomain', (value, { trustDomains }) =>
  expandTrustDomain(value, trustDomains).map(compileTrustDomain),
);
const requestPrincipal = httpField('request.auth.principal', (value) => [compileRequestPrincipal(value)]);
const sourceIp = field('source.ip', compileIp);
const remoteIp = field('remote.ip', compileIp);
const destinationPort = field('destination.port', compilePort);

/** Fields of `from[].source`, without their not-forms. */
export const SOURCE_FIELDS: ReadonlyMap<string, Field> = new Map([
  ['principals', principal],
  ['requestPrincipals', requestPrincipal],
  ['namespaces', namespace],
  ['serviceAccounts', serviceAccount],
  ['trustDomains', trustDomain],
  ['ipBlocks', sourceIp],
  ['remoteIpBlocks', remoteIp],
]);

/** Fields of `to[].operation`, without their not-forms. */
export const OPERATION_FIELDS: ReadonlyMap<string, Field> = new Map([
  ['hosts', httpField('request.host', (value) => [lowerCased(compileString(value, 'present'))])],
  ['ports', destinationPort],
  ['methods', httpField('request.method', (value) => [compileString(value, 'present')])],
  ['paths', httpField('request.path', compilePath)],
]);

const CONDITIONS: ReadonlyMap<string, Field> = new Map([
  ['source.principal', principal],
  ['source.namespace', namespace],
  ['source.serviceAccount', serviceAccount],
  ['source.trustDomain', trustDomain],
  ['request.auth.principal', requestPrincipal],
  ['source.ip', sourceIp],
  ['remote.ip', remoteIp],
  ['destination.ip', field('destination.ip', compileIp)],
  ['destination.port', destinationPort],
  ['connection.sni', field('connection.sni', (value) => [compileString(value)])],
]);

const unwrittenMetadata = field('filter.metadata', (value) => [compileString(value)]);

/** The field behind a key of `when`; null when there is none here. */
export function conditionField(key: string): Field | null {
  const known = CONDITIONS.get(key);
  if (known) return known;
  const claim = claimOfKey(key);
  if (claim !== null)
    return { ...httpField('request.auth.claims', (value) => [compileString(value)]), claim };
  const header = headerOfKey(key);
  if (header === null) return isUnwrittenMetadata(key) ? unwrittenMetadata : null;
  const field = httpField('request.headers', (value) => [compileString(value, 'present')]);
  return { ...field, header: header === 'host' ? ':authority' : header };
}

/** Filters whose metadata isn't judged: they do write some. */
const WRITING_FILTERS: ReadonlySet<string> = new Set([
  'envoy.filters.http.jwt_authn',
  'envoy.filters.http.ext_authz',
  'envoy.filters.http.rbac',
  'envoy.filters.network.ext_authz',
  'envoy.filters.network.rbac',
  'envoy.filters.network.mongo_proxy',
  'envoy.filters.network.mysql_proxy',
]);

function isUnwrittenMetadata(key: string): boolean {
  const [, filter] = /^experimental\.(envoy\.filters\.[^[]+)\[.+\]$/.exec(key) ?? [];
  return filter !== undefined && !WRITING_FILTERS.has(filter);
}

/** `notPaths` → `paths`, negated. */
export function splitNegation(name: string): { name: string; negated: boolean } {
  const third = name.charAt(3);
  const negated = name.startsWith('not') && third !== third.toLowerCase();
  return negated ? { name: third.toLowerCase() + name.slice(4), negated } : { name, negated };
}

function headerOfKey(key: string): string | null {
  const start = 'request.headers[';
  if (!key.startsWith(start) || !key.endsWith(']') || key.length === start.length + 1) return null;
  return key.slice(start.length, -1).toLowerCase();
}

function field(attribute: Attribute, compile: Field['compile']): Field {
  return { attribute, header: null, httpOnly: false, compile };
}

function httpField(attribute: Attribute, compile: Field['compile']): Field {
  return { ...field(attribute, compile), httpOnly: true };
}

function compileIp(value: string): ValueMatch[] | null {
  const block = readBlock(value);
  return block === null ? null : [{ kind: 'ip', block }];
}

function compilePort(value: string): ValueMatch[] | null {
  const port = Number(value);
  return /^[0-9]{1,5}$/.test(value) && port <= 65535 ? [{ kind: 'port', port }] : null;
}

function compilePath(value: string): ValueMatch[] | null {
  if (!isTemplate(value)) return [compileString(value)];
  const tokens = compileTemplate(value);
  return tokens === null ? null : [{ kind: 'template', tokens }];
}

/** Hosts are compared without case: the policy's side here, the request's in attributes.ts. */
function lowerCased(match: ValueMatch): ValueMatch {
  return 'value' in match ? { ...match, value: match.value.toLowerCase() } : match;
}
