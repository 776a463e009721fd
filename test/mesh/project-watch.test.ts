/** An edit of greenroom.yaml while a session runs. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchProject } from '../../mesh/project-watch.ts';
import type { Problem } from '../../model/problem.ts';
import { eventually } from '../support/patience.ts';

let folder = '';
let close: () => void = () => undefined;
let told: Problem[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-project-'));
  writeFileSync(join(folder, 'greenroom.yaml'), 'a');
  told = [];
  writeFileSync(join(folder, 'compose.yaml'), 'a');
  close = watchProject({ root: folder, composeFiles: [join(folder, 'compose.yaml')] }, (notice) =>
    told.push(notice),
  );
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true, force: true });
});

it('of a Compose file is told as one of greenroom.yaml is', async () => {
  writeFileSync(join(folder, 'compose.yaml'), 'b');
  await eventually('the notice', () => told.length > 0);
  expect(told[0]?.message).toContain('compose.yaml was edited');
});

it('is told once, however often the file is edited, and named', async () => {
  writeFileSync(join(folder, 'other'), 'b');
  renameSync(join(folder, 'other'), join(folder, 'greenroom.yaml'));
  await eventually('the notice', () => told.length > 0);
  writeFileSync(join(folder, 'greenroom.yaml'), 'c');
  expect(told).toMatchObject([
    {
      code: 'restart-needed',
      severity: 'notice',
      message: expect.stringContaining('greenroom.yaml was edited'),
    },
  ]);
});
