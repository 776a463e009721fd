/**
 * A measurement that a closing note quotes: figures with the date, the command and the revision that printed them,
 * written under docs/measurements/ when GREENROOM_MEASURE=1.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { repository } from './greenroom.ts';

/** Writes `docs/measurements/<date>-<name>.json`, when asked for. */
export function recordMeasurement(name: string, command: string, figures: object): void {
  if (process.env['GREENROOM_MEASURE'] !== '1') return;
  const date = new Date().toISOString();
  const revision = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim();
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version };
  const folder = join(repository, 'docs', 'measurements');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ name, date, command, revision, machine, figures }, null, 2);
  writeFileSync(join(folder, `${date.slice(0, 10)}-${name}.json`), `${text}\n`);
}
