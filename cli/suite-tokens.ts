/** What tokens are verified with where nothing runs: keys at hand, and the time of day. Nothing is fetched. */
import type { DecisionSuiteDocument } from '../model/decision-suite.ts';
import { parseKeySet } from '../policy/tokens/key-set.ts';
import type { TokenVerification } from '../policy/tokens/verify-token.ts';
import { verifySignature } from '../proxy/token-signatures.ts';

/** By the keys that rules hold themselves. */
export const inlineTokens: TokenVerification = {
  keysAt: async () => null,
  verifySignature,
  now: () => Math.floor(Date.now() / 1000),
};

/** By the keys of `spec.mesh.jwks`, too. */
export function suiteTokens({ spec }: DecisionSuiteDocument): TokenVerification {
  const sets = new Map(
    Object.entries(spec.mesh.jwks ?? {}).map(([uri, set]) => [uri, parseKeySet(JSON.stringify(set))]),
  );
  return { ...inlineTokens, keysAt: async (uri) => sets.get(uri) ?? null };
}
