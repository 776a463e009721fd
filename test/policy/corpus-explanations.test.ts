/** Every kind of verdict that Istio was seen to give, told: a page a family, reviewed as text. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { answerAsTold } from '../../cli/suite-authorizer.ts';
import { readSuite } from '../../cli/read-suite.ts';
import { judgeCase } from '../../policy/judge.ts';
import { explanationLines } from '../support/explanation-text.ts';

const folder = fileURLToPath(new URL('../corpora/istio/generated/', import.meta.url));

/** One case of each verdict, phase, reason and number of rules in the trail: what reads alike is told once. */
it.each(['authz-http', 'authz-tcp', 'peerauth', 'normalization', 'http2', 'jwt', 'custom', 'gateway'])(
  'the family %s is told in words',
  async (family) => {
    const told = new Map<string, string>();
    for (const name of readdirSync(folder).filter((file) => file.startsWith(`${family}-`))) {
      const { world, tokens, cases } = await readSuite(folder + name);
      for (const one of cases) {
        const { id, decision, explanation } = await judgeCase(world, one, {
          verification: tokens,
          authorize: answerAsTold,
        });
        const { verdict, phase, reason } = decision;
        const kind = `${verdict} ${phase} ${reason}`;
        const shape = `${kind} ${explanation.nearest?.clauses.length} ${explanation.trail.map(({ outcome }) => outcome).join()}`;
        if (!told.has(shape))
          told.set(
            shape,
            [`${id}: ${kind}`, ...explanationLines(explanation)].join('\n').replaceAll(folder, ''),
          );
      }
    }
    await expect(`${[...told.values()].join('\n\n')}\n`).toMatchFileSnapshot(
      `../golden/explanations/corpus-${family}.txt`,
    );
  },
);
