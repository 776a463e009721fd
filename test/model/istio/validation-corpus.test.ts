/** Our schemas against the verdicts of Istio's own validation, and the API server's, on objects that nobody here wrote. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parsePolicyFile } from '../../../model/policy-file.ts';
import type { Problem } from '../../../model/problem.ts';
import { describeWith, sharedFolder } from '../../support/requires.ts';

interface ValidationCase {
  id: string;
  object: { kind: string; spec: Record<string, unknown> };
  expect: { valid: boolean };
}

const corpus = (path: string): string => readFileSync(new URL(`corpora/istio/${path}`, sharedFolder), 'utf8');

function problemsOf(text: string): Problem[] {
  const { problems } = parsePolicyFile(text, 'policy.yaml', { namespace: 'shop', ignore: [] });
  return problems.filter(({ code }) => code !== 'not-supported-yet');
}

describeWith('corpora', "objects with a verdict of istiod's webhook", () => {
  /** The webhook takes these; the API server, which looks first, doesn't. */
  const REFUSED_BY_THE_API_SERVER = [
    'invalid-1/24 unknown-key',
    'invalid-1/47 unknown-key',
    'invalid-1/50 unknown-version',
    'invalid-1/82 unknown-key',
    'invalid-1/83 invalid-value',
    'invalid-2/25 invalid-value',
    'invalid-2/71 invalid-value',
    'invalid-2/91 unknown-key',
    'invalid-3/20 unknown-key',
    'invalid-3/37 invalid-value',
    'invalid-3/45 unknown-key',
    'invalid-3/87 unknown-key',
    'invalid-3/95 invalid-value',
    'invalid-4/20 unknown-key',
    'invalid-4/52 invalid-value',
    'invalid-4/83 unknown-key',
  ];

  it('refuses all that Istio refuses, and nothing else but what the API server refuses', () => {
    const laxer: string[] = [];
    const stricter: string[] = [];
    let cases = 0;
    for (const suite of [1, 2, 3, 4]) {
      const document = JSON.parse(corpus(`generated/invalid-${suite}.json`)) as {
        spec: { cases: ValidationCase[] };
      };
      for (const { id, object, expect: expected } of document.spec.cases) {
        cases += 1;
        const [problem] = problemsOf(JSON.stringify(object));
        if (problem && expected.valid) stricter.push(`${id} ${problem.code}`);
        if (!problem && !expected.valid) laxer.push(id);
      }
    }
    expect({ cases, laxer, stricter }).toEqual({
      cases: 400,
      laxer: [],
      stricter: REFUSED_BY_THE_API_SERVER,
    });
  });
});

describeWith('corpora', 'documents of the CRD validation tests', () => {
  const documents = ['authz', 'peerauth', 'reqauth'].flatMap((kind) =>
    ['valid', 'invalid'].flatMap((verdict) =>
      corpus(`crd-validation/${kind}-${verdict}.yaml`)
        .split(/^---$/m)
        .filter((text) => text.includes('kind:'))
        .map((text, index) => ({
          title: `${kind}-${verdict} ${index}`,
          valid: verdict === 'valid',
          text: text.replace(/^_err:.*$/m, ''),
        })),
    ),
  );

  it.each(documents)('judges $title as the API server does', ({ text, valid }) => {
    expect(problemsOf(text).length === 0, JSON.stringify(problemsOf(text))).toBe(valid);
  });
});
