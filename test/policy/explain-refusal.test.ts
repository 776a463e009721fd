/** The why of requests that reached no policy is one page, reviewed as text. */
import { describe, expect, it } from 'vitest';
import type { Decision, Phase, TrailEntry } from '../../model/decision.ts';
import { explainRefusal, fellBeforePolicies } from '../../policy/explain-refusal.ts';
import { explanationLines } from '../support/explanation-text.ts';

const connection: TrailEntry = { phase: 'mtls', outcome: 'passed', note: 'sa/web', rules: [] };

function refusal(phase: Phase, reason: string, details?: string): Decision {
  return { verdict: 'deny', phase, reason, matched: null, ...(details === undefined ? {} : { details }) };
}

describe('a refusal before any policy', () => {
  it('is one of the handshake, the codec or normalization, and a denial', () => {
    const phases: Phase[] = ['mtls', 'codec', 'normalization', 'custom', 'jwt', 'deny', 'allow', 'route'];
    expect(phases.filter((phase) => fellBeforePolicies(refusal(phase, 'x')))).toEqual([
      'mtls',
      'codec',
      'normalization',
    ]);
    expect(fellBeforePolicies({ ...refusal('codec', 'x'), verdict: 'allow' })).toBe(false);
  });

  it('says what was wrong, where, and in whose words', async () => {
    const refusals = [
      ...[
        'plaintext-on-strict',
        'tls-without-istio-alpn',
        'no-certificate',
        'chain-refused',
        'unknown-authority',
        'self-signed',
        'expired',
        'not-yet-valid',
        'foreign-trust-domain',
        'unknown-server-name',
        'no-server-at-port',
        'key-too-short',
      ].map((reason) => refusal('mtls', reason)),
      refusal('mtls', 'no-shared-cipher', 'tls: NO_SHARED_CIPHER'),
      ...['client-hello-on-plaintext', 'plaintext-on-https', 'not-supported-yet'].map((reason) =>
        refusal('codec', reason),
      ),
      refusal('codec', 'field-refused', 'http1.invalid_characters'),
      refusal('codec', 'too-many-header-fields'),
      refusal('normalization', 'normalization-failed', 'path_normalization_failed'),
    ];
    const text = refusals
      .map((one) =>
        [`${one.phase} ${one.reason}`, ...explanationLines(explainRefusal(one, connection))].join('\n'),
      )
      .join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/explanations/refusals.txt');
  });
});
