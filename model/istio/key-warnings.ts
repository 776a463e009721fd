/** Inline keys that Istio takes and nobody should write into a policy. */
import type { Problem } from '../problem.ts';
import { placeOf, type YamlDocument } from '../yaml-source.ts';
import { holdsPrivateKey } from './key-set.ts';

/** A warning for each `jwks` that holds more than public keys. */
export function checkInlineKeys(document: YamlDocument): Problem[] {
  const { spec } = document.value as { spec?: { jwtRules?: unknown } | null };
  if (!Array.isArray(spec?.jwtRules)) return [];
  return spec.jwtRules.flatMap((rule: unknown, index): Problem[] => {
    const { jwks } = (typeof rule === 'object' ? (rule ?? {}) : {}) as { jwks?: unknown };
    if (typeof jwks !== 'string' || !holdsPrivateKey(jwks)) return [];
    return [
      {
        code: 'private-key',
        severity: 'warning',
        message: `jwtRules[${index}].jwks holds a private key: whoever reads this file can sign tokens`,
        hint: 'a public key is enough to verify; make a new key pair, this one has been shown',
        at: placeOf(document, ['spec', 'jwtRules', index, 'jwks']),
      },
    ];
  });
}
