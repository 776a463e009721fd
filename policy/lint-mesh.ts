/** Every lint, and what they all find in a mesh. */
import type { Mesh } from '../model/mesh.ts';
import { formatProblem } from '../model/problem.ts';
import type { Lint, LintProblem } from './lint.ts';
import { lintView } from './lint-view.ts';
import { allowOnlyInDryRun } from './lints/allow-only-in-dry-run.ts';
import { denyHostDodge } from './lints/deny-host-dodge.ts';
import { denyMissesTrailingSlash } from './lints/deny-misses-trailing-slash.ts';
import { denyPathDodge } from './lints/deny-path-dodge.ts';
import { denySwallowsAllow } from './lints/deny-swallows-allow.ts';
import { hostNeverMatches } from './lints/host-never-matches.ts';
import { httpFieldOnTcp } from './lints/http-field-on-tcp.ts';
import { identityWithoutStrictMtls } from './lints/identity-without-strict-mtls.ts';
import { ipBlocksBehindGateway } from './lints/ip-blocks-behind-gateway.ts';
import { jwksUriPrivate } from './lints/jwks-uri-private.ts';
import { jwtNotRequired } from './lints/jwt-not-required.ts';
import { methodNeverMatches } from './lints/method-never-matches.ts';
import { mtlsPortUnknown } from './lints/mtls-port-unknown.ts';
import { negationMetByPlaintext } from './lints/negation-met-by-plaintext.ts';
import { noDefaultDeny } from './lints/no-default-deny.ts';
import { pathNeverMatches } from './lints/path-never-matches.ts';
import { peerAuthenticationsCompete } from './lints/peer-authentications-compete.ts';
import { principalNeverMatches } from './lints/principal-never-matches.ts';
import { remoteIpForgeable } from './lints/remote-ip-forgeable.ts';
import { rootSelectorIgnored } from './lints/root-selector-ignored.ts';
import { ruleNeverMatches } from './lints/rule-never-matches.ts';
import { ruleShadowed } from './lints/rule-shadowed.ts';
import { targetNotEnforced } from './lints/target-not-enforced.ts';
import { unknownIdentity } from './lints/unknown-identity.ts';
import { wildcardInTheMiddle } from './lints/wildcard-in-the-middle.ts';

/** In the order of their codes. */
export const LINTS: readonly Lint[] = [
  allowOnlyInDryRun,
  denyHostDodge,
  denyMissesTrailingSlash,
  denyPathDodge,
  denySwallowsAllow,
  hostNeverMatches,
  httpFieldOnTcp,
  identityWithoutStrictMtls,
  ipBlocksBehindGateway,
  jwksUriPrivate,
  jwtNotRequired,
  methodNeverMatches,
  mtlsPortUnknown,
  negationMetByPlaintext,
  noDefaultDeny,
  pathNeverMatches,
  peerAuthenticationsCompete,
  principalNeverMatches,
  remoteIpForgeable,
  rootSelectorIgnored,
  ruleNeverMatches,
  ruleShadowed,
  targetNotEnforced,
  unknownIdentity,
  wildcardInTheMiddle,
];

/** The page of a lint, relative to the repository. */
export function pageOf(code: string): string {
  return `docs/checks/${code}.md`;
}

/** All findings, by file and line; each once. */
export function lintMesh(mesh: Mesh): LintProblem[] {
  const view = lintView(mesh);
  const found = LINTS.flatMap(({ code, check }) =>
    check(view).map((finding): LintProblem => ({ code, ...finding, docs: pageOf(code) })),
  );
  const unique = new Map(found.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort(byPlace);
}

function byPlace(a: LintProblem, b: LintProblem): number {
  const [left, right] = [a.at, b.at];
  if (!left || !right) return left ? 1 : right ? -1 : 0;
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column || (a.code < b.code ? -1 : 1);
}
