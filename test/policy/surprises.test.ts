/**
 * What one gets wrong about Istio on Envoy, by the numbers of the oracle's list: each number has a suite of its own
 * (`test/policy/surprises/NN-….suite.yaml`, every expectation checked against the oracle) or a test elsewhere. A
 * number without any fails; the table of numbers and facts is a golden file.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSuite } from '../../cli/read-suite.ts';
import { answerAsTold } from '../../cli/suite-authorizer.ts';
import { judgeCase } from '../../policy/judge.ts';
import { describeWith, sharedFolder } from '../support/requires.ts';

/** The list's part about what a workload or gateway lets in; the rest is about routes. */
const LAST = 70;
const folder = fileURLToPath(new URL('surprises/', import.meta.url));
const home = new URL('../../', import.meta.url);

/** What no suite can say: bytes of a head or of a connection, and configurations that Envoy refuses. */
const ELSEWHERE: readonly (readonly [number: number, file: string, title: string])[] = [
  [12, 'test/policy/judge-request.test.ts', 'answers 431 to a head above 60 KiB as written, and not at it'],
  [21, 'test/proxy/http-lane.test.ts', 'a folded header line is refused'],
  [
    36,
    'test/proxy/inbound-tcp.test.ts',
    'is closed at the denied client’s first byte, which the application never gets',
  ],
  [
    36,
    'test/proxy/inbound-tcp.test.ts',
    'lets a server speak first even to a client that it will deny, and says that this is a hole',
  ],
  [
    52,
    'test/policy/tokens/compile-jwt.test.ts',
    'deny everything with keys that make Envoy refuse its listener: %#',
  ],
];

const files = readdirSync(folder).filter((name) => name.endsWith('.suite.yaml'));
const suites = await Promise.all(
  files.map(async (file) => ({ file, suite: await readSuite(`${folder}${file}`) })),
);

function numberOf(file: string): number {
  return Number.parseInt(file, 10);
}

const facts = [
  ...suites.flatMap(({ file, suite }) => suite.cases.map(({ id }) => [numberOf(file), id] as const)),
  ...ELSEWHERE.map(([number, file, title]) => [number, `${title} (${file})`] as const),
].toSorted(([a], [b]) => a - b);

describe('the list of surprises', () => {
  it(`has a fact for every number from 1 to ${LAST}, and for no other`, () => {
    const numbers = [...new Set(facts.map(([number]) => number))];
    expect(numbers).toEqual(Array.from({ length: LAST }, (_, index) => index + 1));
  });

  it('says each fact once', () => {
    const told = facts.map(([number, fact]) => `${number}: ${fact}`);
    expect(told.filter((one, index) => told.indexOf(one) !== index)).toEqual([]);
  });

  it('is the table that was read', async () => {
    const table = facts.map(([number, fact]) => `${String(number).padStart(2)}  ${fact}\n`).join('');
    await expect(table).toMatchFileSnapshot('../golden/surprises.txt');
  });

  it.each(ELSEWHERE)('%i has its test in %s: %s', (_, file, title) => {
    expect(existsSync(new URL(file, home))).toBe(true);
    expect(readFileSync(new URL(file, home), 'utf8')).toContain(`'${title}'`);
  });
});

for (const { file, suite } of suites) {
  describe(`surprise ${file.replace('.suite.yaml', '')}`, () => {
    it.each(suite.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
      const askable = { verification: suite.tokens, authorize: answerAsTold };
      const { differences, explanation } = await judgeCase(suite.world, one, askable);
      expect(differences, explanation.sentence).toEqual([]);
    });
  });
}

describeWith('corpora', 'the oracle’s own list', () => {
  it(`ends its part about verdicts at number ${LAST}`, () => {
    const text = readFileSync(new URL('oracle/SURPRISES.md', sharedFolder), 'utf8');
    const verdicts = text.slice(0, text.indexOf('\n## Routes'));
    const numbers = [...verdicts.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: LAST }, (_, index) => index + 1));
  });
});
