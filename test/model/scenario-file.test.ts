/** Scenario files: a fault is named where it stands, a step that could not fail is refused. */
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_FAULTS } from '../../mesh/pki/leaf.ts';
import { formatProblem } from '../../model/problem.ts';
import { CERTIFICATE_NAMES } from '../../model/scenario-certificates.ts';
import { parseScenarioFile } from '../../model/scenario-file.ts';
import { placeOf } from '../../model/yaml-source.ts';

const HEAD = 'apiVersion: greenroom.dev/v1\nkind: Scenario\nmetadata: { id: x }\ninfo: { title: t }\n';
const OK = '{ http: { from: a, to: b }, expect: { status: 200 } }';
const parse = (rest: string) => parseScenarioFile(HEAD + rest, 's.yaml');
const problemsOf = (rest: string): string[] => parse(rest).problems.map(formatProblem);

describe('a wrong scenario', () => {
  it.each([
    [
      'a misspelt field of a step',
      'steps:\n  - http: { from: a, to: b, pth: / }\n    expect: { status: 200 }\n',
      's.yaml:6:29: error unknown-key: unknown key "pth" in steps[0].http\n  hint: did you mean path?',
    ],
    [
      'a misspelt expectation',
      'steps:\n  - http: { from: a, to: b }\n    expect: { statsu: 200 }\n',
      's.yaml:7:15: error unknown-key: unknown key "statsu" in steps[0].expect\n  hint: did you mean status?',
    ],
    [
      'a misspelt kind',
      'steps:\n  - htpp: { from: a, to: b }\n    expect: { status: 200 }\n',
      's.yaml:6:5: error unknown-key: unknown kind of step "htpp"\n  hint: did you mean http?',
    ],
    [
      'two kinds in one step',
      'steps:\n  - http: { from: a, to: b }\n    tls: { to: b, certificate: none }\n    expect: { status: 200 }\n',
      's.yaml:7:5: error ambiguous-step: a step is one of http, tls; this one is http and tls\n  hint: make two steps of it',
    ],
    [
      'no kind at all',
      'steps:\n  - expect: { status: 200 }\n',
      's.yaml:6:5: error unknown-key: this step does nothing\n  hint: a step is one of http, tls',
    ],
    [
      'a kind that comes later',
      'steps:\n  - exec: { in: a, command: [id] }\n    expect: { status: 200 }\n',
      's.yaml:6:5: error not-supported-yet: steps of kind exec are not supported in this version',
    ],
    [
      'a field that comes later',
      `steps:\n  - http: { from: a, to: b, jwt: { alg: none } }\n    expect: { status: 200 }\n`,
      's.yaml:6:29: error not-supported-yet: http.jwt is not supported in this version',
    ],
    [
      'a certificate that nobody makes',
      'steps:\n  - tls: { to: b, certificate: rouge-ca }\n    expect: { status: 200 }\n',
      's.yaml:6:19: error invalid-value: steps[0].tls.certificate can\'t be "rouge-ca"\n  hint: did you mean rogue-ca?',
    ],
    [
      'an identity that is none',
      'steps:\n  - http: { from: a, to: b, identity: web }\n    expect: { status: 200 }\n',
      's.yaml:6:29: error invalid-value: "web" is not an identity\n  hint: write none, or spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT',
    ],
    [
      'an unknown input',
      'inputs: { path: { type: string, default: / } }\nsteps:\n  - http: { from: a, to: b, path: "${inputs.pth}" }\n    expect: { status: 200 }\n',
      's.yaml:7:29: error unknown-input: there is no input pth\n  hint: did you mean path?',
    ],
    [
      'an input of another type',
      `inputs: { path: { type: number, default: / } }\nsteps: [${OK}]\n`,
      's.yaml:5:33: error wrong-type: the default of input path must be a number, not a string',
    ],
    [
      'a hole without a remedy',
      'steps:\n  - http: { from: a, to: b }\n    expect: { outcome: istio-allows }\n',
      's.yaml:7:15: error missing-field: a hole that Istio leaves open needs info.remedy: what closes it',
    ],
    [
      'one id for two steps',
      `steps:\n  - { id: a, ${OK.slice(2)}\n  - { id: a, ${OK.slice(2)}\n`,
      's.yaml:7:7: error duplicate-step: two steps are called a',
    ],
    [
      'a fault of no kind',
      `faults:\n  - { from: a, to: b }\nsteps: [${OK}]\n`,
      's.yaml:6:5: error missing-field: faults[0].kind is missing: delay, abort, reset, black-hole, slow-bytes',
    ],
    [
      'a misspelt kind of fault',
      `faults:\n  - { from: a, to: b, kind: blackhole }\nsteps: [${OK}]\n`,
      's.yaml:6:23: error invalid-value: faults[0].kind must be one of delay, abort, reset, black-hole, slow-bytes, not "blackhole"\n  hint: did you mean black-hole?',
    ],
    [
      'a field of another kind of fault',
      `faults:\n  - { from: a, to: b, kind: reset, status: 503 }\nsteps: [${OK}]\n`,
      's.yaml:6:36: error unknown-key: unknown key "status" in faults[0]\n  hint: known here: from, to, port, kind',
    ],
    [
      'a delay of no length',
      `faults:\n  - { from: a, to: b, kind: delay }\nsteps: [${OK}]\n`,
      's.yaml:6:5: error missing-field: faults[0].duration is missing: a string',
    ],
    [
      'no bytes a second, which is a black hole',
      `faults:\n  - { from: a, to: b, kind: slow-bytes, bytesPerSecond: 0 }\nsteps: [${OK}]\n`,
      's.yaml:6:41: error invalid-value: faults[0].bytesPerSecond: too small: expected number to be >=1',
    ],
  ])('names %s', (_, rest, expected) => {
    expect(problemsOf(rest)).toEqual([expected]);
  });

  it.each(['{}', '{ tls: {} }', '{ headers: {} }', '{ body: {} }'])(
    'refuses a step that expects %s: it could not fail',
    (expectation) => {
      expect(parse(`steps:\n  - http: { from: a, to: b }\n    expect: ${expectation}\n`)).toMatchObject({
        value: null,
        problems: [{ code: 'no-assertion', at: { line: 7, column: 5 } }],
      });
    },
  );

  it('refuses a steady state and a cleanup that expect nothing as well', () => {
    const none = '[{ http: { from: a, to: b }, expect: {} }]';
    expect(
      parse(`steadyState: ${none}\nsteps: [${OK}]\ncleanup: ${none}\n`).problems.map(({ code }) => code),
    ).toEqual(['no-assertion', 'no-assertion']);
  });

  it.each(['', 'steps: []\n', 'steps: {}\n', 'steps: [3, null]\n', 'steps: [[]]\n'])(
    'is refused with %j',
    (rest) => {
      const { value, problems } = parse(rest);
      expect({ value, any: problems.length > 0 }).toEqual({ value: null, any: true });
    },
  );
});

describe('a right scenario', () => {
  it('gets its inputs, alone with their type and within text as text', () => {
    const { value } = parse(
      'inputs: { code: { type: number, default: 403 }, path: { type: string, default: /a } }\nsteps:\n  - http: { from: a, to: b, path: "${inputs.path}/x?${inputs.code}" }\n    expect: { status: "${inputs.code}" }\n',
    );
    expect(value?.scenario.steps[0]).toMatchObject({ http: { path: '/a/x?403' }, expect: { status: 403 } });
  });

  it('names its faults, each on one edge', () => {
    const { value } = parse(
      `faults:\n  - { from: a, to: b, kind: delay, duration: 2s }\n  - { from: a, to: b, port: 81, kind: abort, status: 503 }\nsteps: [${OK}]\n`,
    );
    expect(value?.scenario.faults).toEqual([
      { from: 'a', to: 'b', kind: 'delay', duration: '2s' },
      { from: 'a', to: 'b', port: 81, kind: 'abort', status: 503 },
    ]);
  });

  it('knows where each expectation stands, behind an alias too', () => {
    const { value } = parse(
      'steps:\n  - http: { from: a, to: b }\n    expect: &same\n      status: 200\n  - http: { from: b, to: a }\n    expect: *same\n',
    );
    expect(value && placeOf(value, ['steps', 1])).toMatchObject({ file: 's.yaml', line: 9, column: 5 });
    expect(value && placeOf(value, ['steps', 1, 'expect', 'status'])).toMatchObject({ line: 8, column: 7 });
  });
});

it('knows the certificates that can be made', () => {
  expect([...CERTIFICATE_NAMES].sort()).toEqual(['valid', ...CERTIFICATE_FAULTS].sort());
});
