/**
 * Variables that secrets and configs get their values from, and that nobody has set. Compose warns of those in `${…}`
 * by itself; of these it says nothing until a service starts.
 */
import type { ComposeConfig } from '../model/compose/compose-config.ts';
import type { ComposeSource } from '../model/compose/compose-source.ts';
import type { Problem } from '../model/problem.ts';
import { variableValues } from './variable-values.ts';

/** @throws EnvironmentError as `variableValues` does */
export async function unsetVariables(
  { secrets, configs }: ComposeConfig,
  source: ComposeSource,
): Promise<Problem[]> {
  const wanted = (['secrets', 'configs'] as const).flatMap((kind) =>
    Object.entries({ secrets, configs }[kind]).flatMap(([name, { environment }]) =>
      environment === undefined ? [] : [{ kind, name, ...source.variableSource(kind, name, environment) }],
    ),
  );
  const values = await variableValues(wanted);
  return wanted
    .filter((one) => !values.has(one))
    .map(({ kind, name, variable }) => ({
      code: 'variable-unset',
      severity: 'warning',
      message: `${kind}.${name} is the value of ${variable}, which is not set: a service that gets it won't start`,
      hint: `export ${variable}=… before greenroom starts, or set it in an env file`,
      at: source.entry([kind, name, 'environment']),
    }));
}
