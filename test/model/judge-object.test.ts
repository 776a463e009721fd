/** Whether a cluster takes an object, by who is asked. */
import { describe, expect, it } from 'vitest';
import { judgeObject } from '../../model/judge-object.ts';
import type { ValidationCase } from '../../model/validation-suite.ts';
import { readYaml } from '../../model/yaml-source.ts';

function judged(text: string, judge: ValidationCase['judge']): string {
  const [document] = readYaml(text, 'o.yaml', 'kubernetes').documents;
  if (!document) throw new Error('not YAML');
  const { valid, errors, warnings } = judgeObject({ document, judge });
  return `${valid}: ${[...errors, ...warnings].map(({ severity, code }) => `${severity} ${code}`).join(', ')}`;
}

const unknownField =
  'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: p }\nspec: { mtsl: {} }\n';
const unknownVersion =
  'apiVersion: security.istio.io/v2\nkind: PeerAuthentication\nmetadata: { name: p }\nspec: {}\n';
const badRoute =
  'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: v }\nspec: { http: [{ timeout: 0s }] }\n';

describe('an object', () => {
  it.each<[string, string, ValidationCase['judge'], string]>([
    ['without a kind', 'apiVersion: v1\n', 'webhook', 'false: error missing-field'],
    ['with an unknown field', unknownField, 'cluster', 'false: error unknown-key'],
    ['with an unknown field', unknownField, 'webhook', 'true: warning unknown-key'],
    ['of a version that nobody serves', unknownVersion, 'cluster', 'false: error unknown-version'],
    ['of a version that nobody serves', unknownVersion, 'webhook', 'true: warning unknown-version'],
    ['of a kind that only its structure judges', badRoute, 'webhook', 'false: error invalid-value'],
    ['that all take', unknownField.replace('mtsl', 'mtls'), 'cluster', 'true: '],
  ])('%s', (_, text, judge, expected) => {
    expect(judged(text, judge)).toBe(expected);
  });
});
