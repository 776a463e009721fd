/** The search for a covering rule finds what comparing each with each would find. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CoverSearch } from '../../policy/cover-search.ts';
import { lintView } from '../../policy/lint-view.ts';
import { ruleCovers } from '../../policy/rule-covers.ts';
import { authorization, policies } from '../support/policies.ts';
import { sampleMesh } from '../support/sample-mesh.ts';
import { runs } from '../support/runs.ts';

const path = fc.constantFrom('/a', '/a*', '/a/b', '/a/*', '*b', '*', '/a/{*}');
const principal = fc.constantFrom('cluster.local/ns/shop/sa/web', 'cluster.local/*', '*', 'x/ns/y/sa/z');
const list = (values: fc.Arbitrary<string>) => fc.uniqueArray(values, { minLength: 1, maxLength: 2 });
const rule = fc.record(
  {
    from: fc.array(fc.record({ source: fc.record({ principals: list(principal) }) }), {
      minLength: 1,
      maxLength: 2,
    }),
    to: fc.array(
      fc.record({
        operation: fc.oneof(fc.record({ paths: list(path) }), fc.record({ notPaths: list(path) })),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

it('finds every rule that covers another, by its values as by comparing all', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 2, maxLength: 8 }), (written) => {
      const objects = policies(authorization(`action: ALLOW\nrules: ${JSON.stringify(written)}`));
      const { policies: linted } = lintView(sampleMesh([{ name: 'cart' }], { policies: objects }));
      const rules = linted.flatMap((policy) => policy.rules);
      const search = new CoverSearch(rules);
      for (const narrow of rules) {
        const compared = rules.filter(
          (wide) => wide.compiled && narrow.compiled && ruleCovers(wide.compiled, narrow.compiled),
        );
        const names = [...search.covers(narrow)].map(({ name }) => name);
        expect(names.sort()).toEqual(compared.map(({ name }) => name).sort());
      }
      expect(search.gaveUp).toBe(false);
    }),
    { numRuns: runs(300), endOnFailure: true },
  );
});
