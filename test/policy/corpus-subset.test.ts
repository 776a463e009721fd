/** Twenty-five recorded verdicts of each family: two hundred cases that a mutation run can afford. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { answerAsTold } from '../../cli/suite-authorizer.ts';
import { readSuite } from '../../cli/read-suite.ts';
import { judgeCase } from '../../policy/judge.ts';

const CASES_A_FAMILY = 25;
const folder = fileURLToPath(new URL('../corpora/istio/generated/', import.meta.url));

describe('two hundred of Istio’s recorded verdicts', () => {
  it.each(['authz-http', 'authz-tcp', 'peerauth', 'normalization', 'http2', 'jwt', 'custom', 'gateway'])(
    'are what is decided, in the family %s',
    async (family) => {
      const differing: string[] = [];
      let played = 0;
      for (const name of readdirSync(folder).filter((file) => file.startsWith(`${family}-`))) {
        const { world, tokens, cases } = await readSuite(folder + name);
        for (const one of cases.slice(0, CASES_A_FAMILY - played)) {
          const judged = await judgeCase(world, one, { verification: tokens, authorize: answerAsTold });
          if (!judged.agrees) differing.push(...judged.differences);
          played += 1;
        }
      }
      expect(differing).toEqual([]);
      expect(played).toBe(CASES_A_FAMILY);
    },
  );
});
