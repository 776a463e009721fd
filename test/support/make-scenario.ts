/** A parsed scenario for tests that write it as a value, without a file. */
import type { z } from 'zod';
import type { ParsedScenario } from '../../model/scenario-file.ts';
import { scenarioSchema } from '../../model/scenario.ts';

type Written = z.input<typeof scenarioSchema>;

/** A scenario with `steps`, and whatever else the test gives. */
export function makeScenario(
  written: Partial<Omit<Written, 'info'>> & { info?: Partial<Written['info']>; steps: Written['steps'] },
): ParsedScenario {
  const scenario = scenarioSchema.parse({
    apiVersion: 'greenroom.dev/v1',
    kind: 'Scenario',
    metadata: { id: 'test' },
    ...written,
    info: { title: 'A test', ...written.info },
  });
  return {
    scenario,
    file: 'test.scenario.yaml',
    at: { file: 'test.scenario.yaml', line: 1, column: 1 },
    positions: {},
  };
}
