/**
 * Variables that secrets and configs get their values from, and that nobody has set. Compose warns of those in `${…}`
 * by itself; of these it says nothing until a service starts.
 */
import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { ComposeConfig } from '../model/compose/compose-config.ts';
import type { ComposeSource } from '../model/compose/compose-source.ts';
import type { Problem } from '../model/problem.ts';

/** `envFiles`: where Compose looks for variables too, absolute; one that isn't there holds none. */
export async function unsetVariables(
  { secrets, configs }: ComposeConfig,
  source: ComposeSource,
  envFiles: readonly string[],
): Promise<Problem[]> {
  const wanted = Object.entries({ secrets, configs }).flatMap(([kind, entries]) =>
    Object.entries(entries).flatMap(([name, { environment }]) =>
      environment === undefined || process.env[environment] !== undefined
        ? []
        : [{ kind, name, variable: environment }],
    ),
  );
  if (wanted.length === 0) return [];
  const elsewhere = new Set((await Promise.all(envFiles.map(namesIn))).flat());
  return wanted.map(({ kind, name, variable }) => ({
    code: 'variable-unset',
    severity: 'warning',
    message: elsewhere.has(variable)
      ? `${kind}.${name} is the value of ${variable}, which only an env file sets: it is read from the environment alone, and a service that gets it won't start`
      : `${kind}.${name} is the value of ${variable}, which is not set: a service that gets it won't start`,
    hint: `export ${variable}=… before greenroom starts`,
    at: source.entry([kind, name, 'environment']),
  }));
}

async function namesIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return Object.keys(parseEnv(text));
}
