/** An edit of a policy file beside a running `greenroom up`: what is in force now is said, valid or not. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { ordersProject } from '../support/orders-project.ts';
import { eventually } from '../support/patience.ts';
import { authorization } from '../support/policies.ts';

let folder: Folder;
let up: RunningUp;
const write = async (name: string, text: string): Promise<void> =>
  await writeFile(join(folder.path, 'policies', name), text);
const said = async (pattern: RegExp): Promise<void> =>
  void (await eventually(String(pattern), () => pattern.test(up.said())));

beforeAll(async () => {
  folder = await temporaryFolder({ 'greenroom.yaml': ordersProject('  policies: [./policies]\n') });
  await mkdir(join(folder.path, 'policies'));
  await write('none.yaml', authorization('{}', 'none'));
  up = await greenroomUp(folder.path, {});
}, 60_000);
afterAll(async () => {
  await up?.interrupt();
  await folder.remove();
});

it('is told of, in one line each time', async () => {
  await write('none.yaml', authorization('{ rulez: [] }', 'none'));
  await said(
    /none\.yaml:\d+:\d+: error unknown-key[\s\S]*\nthe last valid policies \(snapshot \d+\) stay in force\n/,
  );
  expect(up.said()).not.toContain('in force now');
  await write('none.yaml', authorization('{ rules: [{}] }', 'none'));
  await said(/\nin force now \(snapshot \d+\): policies\/none\.yaml; 1 policy in 1 file\n/);
  await write('more.yaml', authorization('{ action: DENY, rules: [{}] }', 'more'));
  await said(/\nin force now \(snapshot \d+\): policies\/more\.yaml; 2 policies in 2 files\n/);
  await rm(join(folder.path, 'policies', 'more.yaml'));
  await said(/\nin force now \(snapshot \d+\): policies\/more\.yaml \(gone\); 1 policy in 1 file\n/);
  expect(up.said().match(/in force now/g)).toHaveLength(3);
});
