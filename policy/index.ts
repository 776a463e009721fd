/**
 * `greenroom/policy`: the policy engine as a library. Istio's own objects and a request in; the verdict that a sidecar
 * configured by istiod gives out, with the reason. Pure: neither Node nor the DOM is needed. This is the published
 * interface, and the only file that re-exports: what isn't here may change at any time.
 */

/** YAML → policy objects that keep their places, or problems with file, line and column. */
export { parsePolicyFile, type PolicyDefaults } from '../model/policy-file.ts';
export type { PolicyObject } from '../model/policy-object.ts';
export { formatProblem, hasErrors, type Parsed, type Position, type Problem } from '../model/problem.ts';

/** Objects → what decides at one port of one workload; plain JSON, may be sent to another thread. */
export { compilePolicies, type PolicyConfig, type PolicyPort } from './compile.ts';
export type { CompiledPolicy } from './compiled-policy.ts';
export { preparePolicy } from './index/first-match.ts';
export type { PolicyTarget } from './scope.ts';

/** What a verdict may depend on, and the verdict. */
export type { ConnectionFacts, HeaderList, HttpFacts, RequestFacts } from '../model/request-facts.ts';
export type {
  Decision,
  Explanation,
  Finding,
  Phase,
  RuleRef,
  RuleTrail,
  TrailEntry,
} from '../model/decision.ts';
export { decide } from './decide.ts';
export { explain } from './explain.ts';
export { findingsFor } from './findings.ts';

/** From the wire: filter chain, codec, path normalization, and what RequestAuthentication makes of tokens. */
export { type CalledSide, type CallerCertificate, type CallingSide, judgeRequest } from './judge-request.ts';
export type { Judged } from './decide-http.ts';
export type { SentRequest } from './receive-request.ts';
export { mtlsModeOf, mtlsModes } from './peer-authentication.ts';
export { authenticate } from './tokens/authenticate.ts';
export type { SignatureCheck, TokenVerification } from './tokens/verify-token.ts';
export type { TokenFacts } from './tokens/token-facts.ts';

/** Questions about many requests: what a change flips, who may do what. */
export { type AccessMatrix, access, type Caller, type Operation } from './access.ts';
export type { AskedRequest, PolicyVersion } from './policy-version.ts';
export { diff, type FlippedDecision } from './what-if.ts';

/** Greenroom's own kinds. */
export {
  type CompiledRateLimit,
  compileRateLimits,
  decideRateLimit,
  type RateAnswer,
  type RateCounters,
} from './rate-limit.ts';
export {
  type CompiledValidation,
  compileValidations,
  type FoundOperation,
  type Operations,
  refuseInvalid,
  type RequestBody,
  validateRequest,
  type ValidationFault,
} from './request-validation.ts';
export {
  applySignals,
  type CompiledSignal,
  compileSignals,
  type SignalFacts,
  type Signalled,
} from './context-signals.ts';
