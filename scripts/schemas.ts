/**
 * Writes the JSON Schemas under schemas/ from the zod schemas of model/, for editors. `--check` writes nothing and
 * fails when a file isn't current.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { decisionSuiteSchema } from '../model/decision-suite.ts';
import { projectSchema } from '../model/project.ts';
import { scenarioSchema } from '../model/scenario.ts';
import { validationSuiteSchema } from '../model/validation-suite.ts';

const FOLDER = new URL('../schemas/', import.meta.url);

const SCHEMAS: Readonly<Record<string, { schema: z.ZodType; title: string }>> = {
  'greenroom.schema.json': { schema: projectSchema, title: 'Greenroom project file, greenroom.yaml' },
  'scenario.schema.json': { schema: scenarioSchema, title: 'Greenroom scenario, *.scenario.yaml' },
  'decision-suite.schema.json': { schema: decisionSuiteSchema, title: 'Greenroom decision suite' },
  'validation-suite.schema.json': { schema: validationSuiteSchema, title: 'Greenroom validation suite' },
};

/** File name -> text, as it should stand under schemas/. */
export function renderSchemas(): Map<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([file, { schema, title }]) => {
      // Draft 7 is what YAML language servers understand best; `input`: defaults may be left out.
      const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', reused: 'ref' });
      return [file, `${JSON.stringify({ $schema, title, ...body }, null, 2)}\n`];
    }),
  );
}

/** Names of schema files that are missing or out of date. */
export async function staleSchemas(): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, text] of renderSchemas()) {
    const written = await readFile(new URL(file, FOLDER), 'utf8').catch(() => null);
    if (written !== text) stale.push(file);
  }
  return stale;
}

async function writeSchemas(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const [file, text] of renderSchemas()) {
    await writeFile(new URL(file, FOLDER), text);
    console.log(`wrote schemas/${file}`);
  }
}

async function main(): Promise<void> {
  if (!process.argv.includes('--check')) return await writeSchemas();
  const stale = await staleSchemas();
  for (const file of stale) console.error(`schemas/${file} is not current: run node scripts/schemas.ts`);
  if (stale.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
