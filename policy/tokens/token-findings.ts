/** Findings about the tokens of an allowed request: what Envoy let pass that the standards refuse. */
import type { Decision, Finding } from '../../model/decision.ts';
import type { Tolerated } from './compact-token.ts';
import type { TokenFacts } from './token-facts.ts';

const TOLD: Readonly<Record<Tolerated, { attack?: string; what: string; remedy: string }>> = {
  'spare-bits': {
    what: 'the last character of its signature has bits to spare: other texts are the same token',
    remedy: 'Keep lists of used or revoked tokens by their jti, never by their text.',
  },
  'signature-length': {
    what: 'its signature has a byte too many, which Envoy leaves out: other texts are the same token',
    remedy: 'Keep lists of used or revoked tokens by their jti, never by their text.',
  },
  'crit-ignored': {
    attack: 'J10',
    what: 'its header says crit, which Envoy doesn’t look at, so that a demand of its issuer went unheard',
    remedy: 'Let the application check what crit names, or the issuer leave it out.',
  },
  'key-for-encryption': {
    what: 'it was signed with a key that its key set marks for something else than signatures',
    remedy: 'Publish keys for encryption in a key set of their own.',
  },
};

/** One finding for each thing tolerated; none about what was denied. */
export function tokenFindings(tokens: TokenFacts | undefined, decision: Decision): Finding[] {
  if (tokens === undefined || decision.verdict === 'deny') return [];
  const tolerated = new Set(tokens.tried.flatMap((tried) => tried.tolerated));
  return [...tolerated].map((one) => {
    const { attack, what, remedy } = TOLD[one];
    return {
      code: 'istio-allows',
      ...(attack === undefined ? {} : { attack }),
      message: `The token was accepted although ${what}.`,
      remedy,
    };
  });
}
