/** What services and sidecars use, as the window shows it. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';
import { openWindow, type OpenWindow } from './window-page.ts';

const PICTURES = process.env['GREENROOM_PICTURES'];

describeWith('browser', 'usage in the window', () => {
  let opened: OpenWindow;
  let page: Page;
  let asked = 0;

  beforeAll(async () => {
    opened = await openWindow('scenarios/shop');
    page = opened.page;
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"m":"usage"')) asked += 1;
      });
    });
    await opened.show();
    await page.getByText('5 of 5').waitFor();
  }, 90_000);
  afterAll(() => opened?.close());

  it('isn’t asked for where nobody looks at it', () => {
    expect(asked).toBe(0);
  });

  it('is a line and a table for the instance that is shown, its sidecar’s part beside it', async () => {
    await opened.goTo('#/services?instance=web-0');
    const table = page.locator('table.usage');
    const row = (name: string) => table.locator('tr', { hasText: name }).locator('td');
    await row('processor').first().waitFor();
    await page.getByRole('img', { name: /^Processor of web-0/ }).waitFor();
    expect(await row('memory').first().textContent()).toMatch(/^\d+\.\d MB$/);
    // On loopback nobody's network can be told from another's.
    expect(await row('received').first().textContent()).toBe('–');
    await eventually(
      'the sidecar’s part is told when it had work',
      async () => {
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', { name: 'Search or run a command' }).fill('sample');
        await page.keyboard.press('Enter');
        return (await row('processor').nth(1).textContent())?.startsWith('≈ ') === true;
      },
      40_000,
    );
    expect(await row('memory').nth(1).textContent()).toMatch(/^\d+\.\d MB for all$/);
    expect(asked).toBeGreaterThan(1);
    if (!PICTURES) return;
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.getByRole('img', { name: /^Processor of web-0/ }).waitFor();
      await page.locator('table.usage').screenshot();
      await page.screenshot({ path: join(PICTURES, `usage-${colorScheme}.png`) });
    }
  });
});
