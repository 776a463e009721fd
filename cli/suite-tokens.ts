/** What tokens are verified with where nothing runs: keys at hand, and the time of day. Nothing is fetched. */
import type { DecisionSuiteDocument } from '../model/decision-suite.ts';
import { type KeySet, parseKeySet } from '../policy/tokens/key-set.ts';
import type { TokenVerification } from '../policy/tokens/verify-token.ts';
import { verifySignature } from '../proxy/token-signatures.ts';

/** By the keys that rules hold themselves, and those of `keySets` by their URI. */
export function suiteTokens(keySets: Readonly<Record<string, KeySet | null>>): TokenVerification {
  return {
    verifySignature,
    now: () => Math.floor(Date.now() / 1000),
    keysAt: async (uri) => (Object.hasOwn(keySets, uri) ? (keySets[uri] ?? null) : null),
  };
}

/** The key sets of `spec.mesh.jwks`, by URI; null = no key of it is usable. */
export function suiteKeySets({ spec }: DecisionSuiteDocument): Record<string, KeySet | null> {
  return Object.fromEntries(
    Object.entries(spec.mesh.jwks ?? {}).map(([uri, set]) => [uri, parseKeySet(JSON.stringify(set))]),
  );
}
