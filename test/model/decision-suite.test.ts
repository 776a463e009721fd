/** Decision suites: strict, since a misspelt key would be judged as one left out. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseDecisionSuite } from '../../model/decision-suite.ts';
import { formatProblem } from '../../model/problem.ts';
import { describeWith, sharedFolder } from '../support/requires.ts';

const HEAD = 'apiVersion: greenroom.dev/v1\nkind: DecisionSuite\nmetadata: { name: s }\nspec:\n';
const CASE =
  '  cases:\n    - id: one\n      from: { ip: 10.0.0.1 }\n      to: { namespace: shop, serviceAccount: a, port: 80 }\n      request: { protocol: http, path: / }\n      expect: { decision: allow }\n';
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
    'a caller whose principal is misspelt, and who would be judged as plaintext',
    CASE.replace('{ ip:', '{ principle: a/ns/b/sa/c, ip:'),
    /^s.yaml:7:15: error unknown-key: unknown key "principle" in spec.cases\[0\].from\n {2}hint: did you mean principal\?$/,
  ],
  [
    'a misspelt key of the target',
    CASE.replace('port: 80', 'port: 80, label: { a: b }'),
    /unknown-key: unknown key "label" in spec.cases\[0\].to\n {2}hint: did you mean labels\?$/,
  ],
  [
    'a misspelt key of the request',
    CASE.replace('path: /', 'paht: /'),
    /unknown-key: unknown key "paht" in spec.cases\[0\].request\n {2}hint: did you mean path\?$/,
  ],
  [
    'a misspelt key of the mesh',
    `  mesh: { trustDomian: a }\n${CASE}`,
    /unknown-key: unknown key "trustDomian" in spec.mesh\n {2}hint: did you mean trustDomain\?$/,
  ],
  [
    'a misspelt key of the suite',
    `  policyFile: [a.yaml]\n${CASE}`,
    /unknown-key: unknown key "policyFile" in spec\n {2}hint: did you mean policyFiles\?$/,
  ],
  [
    'a case that expects nothing',
    CASE.replace(/ {6}expect.*\n/, ''),
    /^s.yaml:6:7: error missing-field: spec.cases\[0\].expect is missing/,
  ],
  [
    'a case whose expectation is empty',
    CASE.replace('{ decision: allow }', '{}'),
    /error missing-field: spec.cases\[0\].expect.decision is missing/,
  ],
  [
    'two cases of one name',
    `${CASE}${CASE.slice(CASE.indexOf('    - id'))}`,
    /^s.yaml:11:7: error duplicate-case/,
  ],
  [
    'a policy that Istio would refuse',
    `  policies:\n    - apiVersion: security.istio.io/v1\n      kind: AuthorizationPolicy\n      metadata: { name: p }\n      spec: { acton: DENY }\n${CASE}`,
    /^s.yaml:9:15: error unknown-key: unknown key "acton"/,
  ],
])('refuses %s', (_, rest, expected) => {
  expect(problemsOf(rest)[0]).toMatch(expected);
});

it("fills the mesh's defaults, and keeps what else the metadata says", () => {
  const { value } = parseDecisionSuite(`${HEAD.replace('name: s', 'name: s, seed: 7')}${CASE}`, 's.yaml');
  expect(value?.suite).toMatchObject({
    metadata: { seed: 7 },
    spec: { mesh: { trustDomain: 'cluster.local', pathNormalization: 'BASE' } },
  });
});

it("hands on objects that this version doesn't enforce, for whoever judges to name", () => {
  const { value, problems } = parseDecisionSuite(
    `${HEAD}  policies:\n    - { apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: { name: w }, spec: { address: 10.0.0.1 } }\n${CASE}`,
    's.yaml',
  );
  expect(problems).toEqual([]);
  expect(value?.policies).toMatchObject([
    { kind: 'WorkloadEntry', metadata: { namespace: 'default' }, spec: { address: '10.0.0.1' } },
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
