/** Edits of a policy file beside the open window: a real `greenroom serve` and a real Chromium. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, it } from 'vitest';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { ordersProject } from '../support/orders-project.ts';
import { authorization } from '../support/policies.ts';
import { describeWith } from '../support/requires.ts';
import { openWindow, type OpenWindow } from './window-page.ts';

describeWith('browser', 'a policy file in the window', () => {
  let folder: Folder;
  let opened: OpenWindow;
  const write = async (spec: string): Promise<void> =>
    await writeFile(join(folder.path, 'policies', 'orders.yaml'), authorization(spec));

  beforeAll(async () => {
    folder = await temporaryFolder({ 'greenroom.yaml': ordersProject('  policies: [./policies]\n') });
    await mkdir(join(folder.path, 'policies'));
    await write('{ rules: [{}] }');
    opened = await openWindow(folder.path);
    await opened.show();
    await opened.page.getByText('1 of 1').first().waitFor();
    await opened.goTo('#/policies');
  }, 90_000);
  afterAll(async () => {
    await opened?.close();
    await folder?.remove();
  });

  const shows = async (text: string): Promise<void> =>
    await opened.page.getByLabel('policies/orders.yaml').getByText(text).waitFor();

  it('is shown as it is on disk, also while what is on disk is refused', async () => {
    await shows('{ rules: [{}] }');
    await write('{ rulez: [{}] }');
    await opened.page.getByText('The last edit is refused').waitFor();
    await shows('{ rulez: [{}] }');
    await write('{ rules: [{}], action: DENY }');
    await shows('{ rules: [{}], action: DENY }');
  });
});
