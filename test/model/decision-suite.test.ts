/** Decision suites: strict about what decides, tolerant of what else they carry. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseDecisionSuite } from '../../model/decision-suite.ts';
import { formatProblem } from '../../model/problem.ts';
import { describeWith, sharedFolder } from '../support/requires.ts';

const HEAD = 'apiVersion: greenroom.dev/v1\nkind: DecisionSuite\nmetadata: { name: s }\nspec:\n';
const CASE =
  '  cases:\n    - id: one\n      from: { ip: 10.0.0.1 }\n      to: { namespace: shop, serviceAccount: a, port: 80 }\n      request: { protocol: http, path: / }\n';
const problemsOf = (rest: string): string[] =>
  parseDecisionSuite(HEAD + rest, 's.yaml').problems.map(formatProblem);

it.each([
  ['no cases', '  cases: []\n', /^s.yaml:5:3: error invalid-value: spec.cases/],
  [
    'a protocol that is none',
    CASE.replace('http,', 'htpp,'),
    /^s.yaml:9:18: error invalid-value: spec.cases\[0\].request.protocol .*\n {2}hint: did you mean http\?$/,
  ],
  [
    'two cases of one name',
    `${CASE}${CASE.slice(CASE.indexOf('    - id'))}`,
    /^s.yaml:10:7: error duplicate-case/,
  ],
  [
    'a policy that Istio would refuse',
    `  policies:\n    - apiVersion: security.istio.io/v1\n      kind: AuthorizationPolicy\n      metadata: { name: p }\n      spec: { acton: DENY }\n${CASE}`,
    /^s.yaml:9:15: error unknown-key: unknown key "acton"/,
  ],
])('refuses %s', (_, rest, expected) => {
  expect(problemsOf(rest)[0]).toMatch(expected);
});

it("fills the mesh's defaults, and keeps what it doesn't know", () => {
  const { value } = parseDecisionSuite(`${HEAD}${CASE}  volatile: [x]\n`, 's.yaml');
  expect(value?.suite.spec).toMatchObject({
    volatile: ['x'],
    mesh: { trustDomain: 'cluster.local', pathNormalization: 'BASE' },
  });
});

it("hands on objects that this version doesn't enforce, for whoever judges to name", () => {
  const { value, problems } = parseDecisionSuite(
    `${HEAD}  policies:\n    - { apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: { name: v }, spec: { hosts: [a] } }\n${CASE}`,
    's.yaml',
  );
  expect(problems).toEqual([]);
  expect(value?.policies).toMatchObject([
    { kind: 'VirtualService', metadata: { namespace: 'default' }, spec: { hosts: ['a'] } },
  ]);
});

describeWith('corpora', 'suites of the corpus', () => {
  const folders = ['corpora/istio/decisions/', 'corpora/istio/generated/'].map(
    (path) => new URL(path, sharedFolder),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => !/^(routes|invalid)/.test(name))
      .map((name) => new URL(name, folder)),
  );

  it('are read, all of them', () => {
    const refused = files.filter(
      (file) => parseDecisionSuite(readFileSync(file, 'utf8'), file.pathname).value === null,
    );
    expect({ suites: files.length > 100, refused: refused.map(String) }).toEqual({
      suites: true,
      refused: [],
    });
  });
});
