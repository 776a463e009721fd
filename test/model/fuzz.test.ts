/** No input throws: whatever a file holds, its reader gives a value or at least one error, each with a place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecisionSuite } from '../../model/decision-suite.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { formatProblem, hasErrors, type Parsed } from '../../model/problem.ts';
import { parseProject } from '../../model/project.ts';
import { parseScenarioFile } from '../../model/scenario-file.ts';

const READERS: Record<string, { read: (text: string) => Parsed<unknown>; sample: string }> = {
  project: {
    read: (text) => parseProject(text, 'f'),
    sample:
      'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: shop }\nspec:\n  services:\n    web: { command: [a, b], ports: [{ name: http, port: 80 }], witness: { echo: /x } }\n  policies: [./p]\n',
  },
  policies: {
    read: (text) => parsePolicyFile(text, 'f', { namespace: 'shop', ignore: [] }),
    sample:
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p }\nspec:\n  selector: { matchLabels: { app: a } }\n  rules:\n    - from: [{ source: { principals: ["*"], ipBlocks: [10.0.0.0/8] } }]\n      to: [{ operation: { paths: ["/{*}"], ports: ["80"] } }]\n      when: [{ key: "request.headers[x]", values: [a] }]\n',
  },
  scenario: {
    read: (text) => parseScenarioFile(text, 'f'),
    sample:
      'apiVersion: greenroom.dev/v1\nkind: Scenario\nmetadata: { id: x }\ninfo: { title: t }\ninputs: { a: { type: string, default: / } }\nsteps:\n  - http: { from: a, to: b, path: "${inputs.a}" }\n    expect: { status: 200 }\n',
  },
  suite: {
    read: (text) => parseDecisionSuite(text, 'f'),
    sample:
      'apiVersion: greenroom.dev/v1\nkind: DecisionSuite\nmetadata: { name: s }\nspec:\n  cases:\n    - id: one\n      from: {}\n      to: { namespace: n, serviceAccount: a, port: 80 }\n      request: { protocol: http }\n      expect: { decision: allow }\n',
  },
};

/** `GREENROOM_FUZZ_SEED=…` plays one again; fast-check prints seed and path of what fails. */
const seed = Number(process.env['GREENROOM_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const RUNS = { seed, numRuns: 150 };

const WORDS = [
  'a: &a [*a]',
  '*x',
  '&a',
  '<<: *a',
  '---\n',
  '...',
  '\t',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '- ',
  '? ',
  '|',
  '>',
  '!!binary x',
  '"',
  "'",
  '{{ .x }}',
  'null',
  '~',
  'yes',
  '1e999',
  '0x',
  '__proto__: 1',
  'constructor: 1',
  'toString',
  '${inputs.a}',
  '\uFEFF',
  '\u0000',
  '\uD800',
  '%YAML 1.1',
  '#',
  '\r',
];

/** A sample with some of its characters cut out or replaced. */
function mutated(sample: string): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.nat(sample.length),
    remove: fc.nat(6),
    put: fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 4 })),
  });
  return fc
    .array(cut, { minLength: 1, maxLength: 4 })
    .map((cuts) =>
      cuts.reduce((text, { at, remove, put }) => text.slice(0, at) + put + text.slice(at + remove), sample),
    );
}

function holds({ value, problems }: Parsed<unknown>): void {
  if (value === null) expect(hasErrors(problems)).toBe(true);
  else expect(hasErrors(problems)).toBe(false);
  for (const problem of problems)
    expect(formatProblem(problem)).toMatch(/^f:[1-9]\d*:[1-9]\d*: (error|warning|notice) [a-z0-9-]+: /);
}

describe(`readers, with seed ${seed}`, () => {
  for (const [name, { read, sample }] of Object.entries(READERS)) {
    it(`${name}: takes its sample`, () => {
      expect(read(sample)).toMatchObject({ value: expect.anything(), problems: [] });
    });
    it(`${name}: doesn't throw on texts near the sample`, () => {
      fc.assert(
        fc.property(mutated(sample), (text) => holds(read(text))),
        RUNS,
      );
    });
    it(`${name}: doesn't throw on any JSON, nor on any text`, () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.json(),
            fc.string(),
            fc.array(fc.constantFrom(...WORDS)).map((words) => words.join('')),
          ),
          (text) => holds(read(text)),
        ),
        RUNS,
      );
    });
  }
});
