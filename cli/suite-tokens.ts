/** What the tokens of a DecisionSuite are verified with: the key sets that it brings, and the time of day. */
import type { DecisionSuiteDocument } from '../model/decision-suite.ts';
import { parseKeySet } from '../policy/tokens/key-set.ts';
import type { TokenVerification } from '../policy/tokens/verify-token.ts';
import { verifySignature } from '../proxy/token-signatures.ts';

/** Keys of `spec.mesh.jwks` only: nothing is fetched. */
export function suiteTokens({ spec }: DecisionSuiteDocument): TokenVerification {
  const sets = new Map(
    Object.entries(spec.mesh.jwks ?? {}).map(([uri, set]) => [uri, parseKeySet(JSON.stringify(set))]),
  );
  return {
    keysAt: async (uri) => sets.get(uri) ?? null,
    verifySignature,
    now: () => Math.floor(Date.now() / 1000),
  };
}
