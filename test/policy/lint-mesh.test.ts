/** Every lint on its two example projects; its page; and what its fix does to requests. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editYaml } from '../../cli/yaml-edit.ts';
import type { Mesh } from '../../model/mesh.ts';
import { formatProblem } from '../../model/problem.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { LINTS, pageOf } from '../../policy/lint-mesh.ts';
import type { AskedRequest, PolicyVersion } from '../../policy/policy-version.ts';
import { diff } from '../../policy/what-if.ts';
import { exampleCodes, policiesOf, readExample } from '../support/checks.ts';
import { runs } from '../support/runs.ts';

const home = new URL('../../', import.meta.url);
const codes = exampleCodes();

describe('the catalogue', () => {
  it('has examples for each lint, and for what is found while a mesh is built', () => {
    expect(codes).toEqual([...LINTS.map(({ code }) => code), 'selects-nothing'].sort());
  });

  it('is in order, each code once', () => {
    expect(LINTS.map(({ code }) => code)).toEqual([...new Set(LINTS.map(({ code }) => code))].sort());
  });

  it('has one file a lint, called by its code', () => {
    for (const { code } of LINTS)
      expect(existsSync(new URL(`policy/lints/${code}.ts`, home)), code).toBe(true);
  });
});

describe.each(codes)('%s', (code) => {
  it('finds nothing at all in the mended example', () => {
    expect(readExample(code, 'negative').problems.map(formatProblem)).toEqual([]);
  });

  it('finds what is wrong in the other, and says it so', async () => {
    const { problems } = readExample(code, 'positive');
    expect(problems.filter((problem) => problem.code === code).map(({ docs }) => docs)).toContain(
      pageOf(code),
    );
    await expect(`${problems.map(formatProblem).join('\n')}\n`).toMatchFileSnapshot(
      `../golden/checks/${code}.txt`,
    );
  });

  it('has a page with both examples', () => {
    const page = readFileSync(new URL(pageOf(code), home), 'utf8');
    expect(page).toContain(`\`${code}\``);
    for (const side of ['positive', 'negative'] as const) {
      expect(page).toContain(`test/checks/${code}/${side}/policies.yaml`);
      expect(page).toContain(policiesOf(code, side));
    }
  });
});

it.each(['"1"', '"t"', '"T"', '"TRUE"', '"true"', '"True"'])(
  'a dry run is one however istiod reads it: %s',
  (value) => {
    const text = policiesOf('allow-only-in-dry-run', 'positive');
    const edited = text.replace(/dry-run: "true"/, `dry-run: ${value}`);
    expect(edited).toContain(value);
    expect(
      readExample('allow-only-in-dry-run', 'positive', edited).problems.map(({ code }) => code),
    ).toContain('allow-only-in-dry-run');
  },
);

const FIXABLE = [
  'deny-host-dodge',
  'deny-misses-trailing-slash',
  'method-never-matches',
  'negation-met-by-plaintext',
  'path-never-matches',
  'principal-never-matches',
  'wildcard-in-the-middle',
];

describe('fixes', () => {
  it('there are for these codes', () => {
    expect(codes.filter((code) => readExample(code, 'positive').problems.some(({ fix }) => fix))).toEqual(
      FIXABLE,
    );
  });

  it.each(FIXABLE)('of %s leave nothing of it to fix', (code) => {
    const { problems } = fixed(code);
    expect(problems.filter((problem) => problem.code === code && problem.fix)).toEqual([]);
  });

  it.each(FIXABLE)('of %s let nothing pass that was denied before', (code) => {
    const [before, after] = [readExample(code, 'positive').mesh, fixed(code).mesh];
    fc.assert(
      fc.property(fc.array(requestTo(before), { minLength: 50, maxLength: 50 }), (requests) => {
        const opened = diff(versionOf(before), versionOf(after), requests).filter(
          (flip) => flip.after.verdict === 'allow',
        );
        expect(opened).toEqual([]);
      }),
      { numRuns: runs(50), endOnFailure: true },
    );
  });
});

function fixed(code: string): ReturnType<typeof readExample> {
  const fixes = readExample(code, 'positive').problems.flatMap(({ fix }) => fix ?? []);
  const { text, applied } = editYaml(policiesOf(code, 'positive'), fixes);
  expect(applied).toHaveLength(fixes.length);
  return readExample(code, 'positive', text);
}

function versionOf({ policies, config }: Mesh): PolicyVersion {
  return { objects: policies, config };
}

function requestTo({ workloads }: Mesh): fc.Arbitrary<AskedRequest> {
  const account = fc.constantFrom('web', 'orders', 'cart');
  return fc
    .record({
      workload: fc.constantFrom(...workloads),
      account: fc.option(account),
      method: fc.constantFrom('GET', 'DELETE', 'POST'),
      path: fc.constantFrom(
        '/',
        '/metrics',
        '/metrics/',
        '/~root',
        '/api/x/secrets',
        '/search',
        '/internal/a',
      ),
      host: fc.constantFrom('admin.example.com', 'admin.example.com:80', 'admin.example.com.', 'orders'),
    })
    .map(({ workload, account: who, method, path, host }): AskedRequest => {
      const principal = who === null ? null : `cluster.local/ns/shop/sa/${who}`;
      const facts: RequestFacts = {
        connection: {
          sourceIp: '10.244.1.1',
          destinationIp: '10.244.2.1',
          destinationPort: 8080,
          principal,
          sni: null,
          mtls: principal !== null,
        },
        http: { protocol: 'http1', method, path, rawPath: path, host, headers: [] },
      };
      return { target: workload, port: { port: 8080, protocol: 'http' }, facts };
    });
}
