/** Images on their way, in the window of a mesh that starts: real engine, real registry, real browser. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { forget, heldDoor, pushImage, type Registry, startRegistry } from '../support/registry.ts';
import { describeWith, firstMissing } from '../support/requires.ts';
import { openBrowser, serveProject } from './window-page.ts';

const PICTURES = process.env['GREENROOM_PICTURES'];

describeWith(firstMissing('docker', 'registry', 'browser'), 'the tray while images are fetched', () => {
  let browser: Browser;
  let registry: Registry;
  const closing: (() => unknown)[] = [];

  const project = async (image: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'greenroom-tray-'));
    closing.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(
      join(folder, 'greenroom.yaml'),
      `apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: tray }\nspec:\n  namespace: shop\n  services:\n    app: { image: '${image}' }\n`,
    );
    return folder;
  };
  const open = async (folder: string): Promise<Page> => {
    const served = await serveProject(folder);
    closing.push(served.stop);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    closing.push(() => context.close());
    const page = await context.newPage();
    await page.goto(served.url);
    return page;
  };

  beforeAll(async () => {
    [browser, registry] = await Promise.all([openBrowser(), startRegistry()]);
  }, 90_000);
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });
  afterAll(async () => {
    await browser?.close();
    await registry?.close();
  });

  it('shows the bytes in every view, and goes when the image is there', async () => {
    const pushed = await pushImage(registry, { repository: 'app', layerBytes: [12_000_000] });
    const door = await heldDoor(registry, 1_000_000);
    const image = pushed.replace(registry.host, door.host);
    closing.push(door.close, () => forget(image));
    const page = await open(await project(image));
    const card = page.locator('.task', { hasText: `Pulling ${image}` });
    await card.waitFor();
    await page.getByText('Starting the mesh').waitFor();
    await door.held;
    for (const view of ['traffic', 'services', 'topology']) {
      await page.evaluate((to) => {
        window.location.hash = to;
      }, view);
      await page
        .getByRole('link', { name: new RegExp(`^${view}`, 'i'), exact: true })
        .and(page.locator('[aria-current]'))
        .waitFor();
      await card.getByText(/MB, \d of 2 layers/).waitFor();
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `pull-${view}.png`) });
    }
    if (PICTURES) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.screenshot({ path: join(PICTURES, 'pull-light.png') });
    }
    door.release();
    await page.locator('.task', { hasText: `Pulled ${image}` }).waitFor();
    await page.locator('.task', { hasText: image }).waitFor({ state: 'detached' });
  });

  it('keeps why an image can’t be had, also when the host has ended', async () => {
    const image = `${registry.host}/no-such:1`;
    const door = await heldDoor(registry, 0);
    closing.push(door.close);
    const page = await open(await project(image.replace(registry.host, door.host)));
    await page.getByText('Starting the mesh').waitFor();
    door.release();
    await page.locator('.task.failed', { hasText: 'has no such image' }).waitFor();
    await page.getByText('Disconnected:').waitFor();
    expect(await page.locator('.task.failed').getByText('has no such image').isVisible()).toBe(true);
    if (PICTURES) await page.screenshot({ path: join(PICTURES, 'pull-failed.png') });
  });
});
