/**
 * RequestAuthentication → the rules that Envoy is given, in Istio's order. A rule that makes Envoy refuse its
 * configuration is a problem: then nothing passes.
 */
import type { z } from 'zod';
import type { requestAuthenticationSpecSchema } from '../../model/istio/request-authentication.ts';
import { type PolicyObject, positionOf } from '../../model/policy-object.ts';
import type { Problem } from '../../model/problem.ts';
import { byAge } from '../peer-authentication.ts';
import { objectsInScope, type PolicyTarget } from '../scope.ts';
import { comparableAudience } from './audience.ts';
import type { CompiledJwt, CompiledJwtRule, TokenLocations } from './compiled-jwt.ts';
import { parseKeySet } from './key-set.ts';

type RequestAuthenticationSpec = z.infer<typeof requestAuthenticationSpecSchema>;
type JwtRule = NonNullable<RequestAuthenticationSpec['jwtRules']>[number];

/** The rules that apply to `target`; `problems` is added to. */
export function compileJwt(
  objects: readonly PolicyObject[],
  target: PolicyTarget,
  rootNamespace: string,
  problems: Problem[],
): CompiledJwt {
  const applying = objectsInScope<RequestAuthenticationSpec>(
    objects,
    'RequestAuthentication',
    target,
    rootNamespace,
  ).toSorted((a, b) => compareObjects(a, b, target.namespace));
  const rules = applying.flatMap((object) =>
    (object.spec?.jwtRules ?? []).map((rule, index) => compileRule(object, rule, index, problems)),
  );
  return { rules: rules.toSorted((a, b) => compareText(a.issuer, b.issuer)) };
}

/** Istio's order before it sorts by issuer: the workload's own namespace before the root, then by age and name. */
function compareObjects(a: PolicyObject, b: PolicyObject, namespace: string): number {
  const place = (object: PolicyObject) => (object.metadata.namespace === namespace ? 0 : 1);
  return place(a) - place(b) || byAge(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compileRule(
  object: PolicyObject,
  rule: JwtRule,
  index: number,
  problems: Problem[],
): CompiledJwtRule {
  const path = ['spec', 'jwtRules', index] as const;
  const { namespace, name } = object.metadata;
  const { kind } = object;
  return {
    ref: { kind, namespace, name, action: 'jwt', rule: index, at: positionOf(object, path) },
    issuer: rule.issuer ?? '',
    audiences: (rule.audiences ?? []).map(comparableAudience),
    keys: compileKeys(object, rule, path, problems),
    locations: compileLocations(rule),
    forwardOriginalToken: rule.forwardOriginalToken ?? false,
    payloadHeader: rule.outputPayloadToHeader ? rule.outputPayloadToHeader.toLowerCase() : null,
    claimHeaders: (rule.outputClaimToHeaders ?? []).map(({ header, claim }) => ({
      header: header.toLowerCase(),
      claim: claim.split('.'),
    })),
    spaceDelimited: [...new Set(['permission', 'scope', ...(rule.spaceDelimitedClaims ?? [])])],
  };
}

function compileKeys(
  object: PolicyObject,
  rule: JwtRule,
  path: readonly (string | number)[],
  problems: Problem[],
): CompiledJwtRule['keys'] {
  const uri = rule.jwksUri ?? rule.jwks_uri;
  if (!rule.jwks) return uri ? { kind: 'uri', uri } : { kind: 'none' };
  const keys = parseKeySet(rule.jwks);
  if (keys !== null) return { kind: 'inline', keys };
  problems.push({
    code: 'unusable-keys',
    severity: 'error',
    message: `jwks of ${object.metadata.namespace}/${object.metadata.name} has no key that Envoy can use, so Envoy refuses the whole listener`,
    hint: 'until it has one, everything this policy could have applied to is denied',
    at: positionOf(object, [...path, 'jwks']),
  });
  return { kind: 'none' };
}

/** Locations of a rule's own switch the usual two off. */
function compileLocations(rule: JwtRule): TokenLocations {
  const headers = (rule.fromHeaders ?? []).map(({ name, prefix }) => ({
    name: name.toLowerCase(),
    prefix: prefix ?? '',
  }));
  const [params, cookies] = [rule.fromParams ?? [], rule.fromCookies ?? []];
  if (headers.length + params.length + cookies.length > 0) return { headers, params, cookies };
  return { headers: [{ name: 'authorization', prefix: 'Bearer ' }], params: ['access_token'], cookies };
}
