/** The life of services and what they write, in the window: a real `greenroom serve` and a real Chromium. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { lifeProject } from '../support/life-project.ts';
import { eventually } from '../support/patience.ts';
import { describeWith } from '../support/requires.ts';
import { openWindow, type OpenWindow } from './window-page.ts';

/** What a log must not do to a page: be markup, move, clear, hide in bidi. */
const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><b>bold</b> \u001b[2J\u202etxt\u0000';

/** Says a number every moment once it is asked to; a broken folder keeps it from starting. */
const SERVICE = `
  const { existsSync } = require('node:fs');
  if (existsSync('broken')) { console.error('no: broken'); process.exit(3); }
  let said = 0;
  require('node:http').createServer((request, response) => response.end('ok')).listen(process.env.PORT, '127.0.0.1', () => {
    console.log(${JSON.stringify(HOSTILE)});
    console.error('Listening, but (warily)');
    setInterval(() => console.log('tick ' + (said += 1)), 50);
  });
`;

describeWith('browser', 'the life of services in the window', () => {
  let folder: Folder;
  let opened: OpenWindow;
  let page: Page;
  let usageAsked = 0;

  beforeAll(async () => {
    folder = await temporaryFolder(lifeProject(SERVICE));
    opened = await openWindow(folder.path);
    page = opened.page;
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"m":"usage"')) usageAsked += 1;
      });
    });
    await opened.show();
    await page.getByText('2 of 2').waitFor();
    await opened.goTo('#/services?instance=orders-0');
  }, 90_000);
  afterAll(async () => {
    await opened?.close();
    await folder?.remove();
  });

  const panel = () => page.getByRole('region', { name: 'Log', exact: true });
  const log = () => page.getByRole('log');
  const texts = async (): Promise<string[]> => await log().locator('span').allInnerTexts();
  const ticks = async (): Promise<number[]> =>
    (await texts()).flatMap((text) => /tick (\d+)$/.exec(text)?.[1] ?? []).map(Number);
  const button = (name: string) =>
    page.getByRole('group', { name: /^Life of/ }).getByRole('button', { name, exact: true });
  const status = async (instance: string, words: string): Promise<void> => {
    await page.getByRole('row').filter({ hasText: instance }).filter({ hasText: words }).waitFor();
  };

  it('shows hostile lines as text and nothing else', async () => {
    const line = log().locator('span').filter({ hasText: '<img src=x' });
    await line.waitFor();
    expect(await line.innerText()).toContain('<b>bold</b> \\x1b[2J⟨U+202E⟩txt\\x00');
    expect(await log().locator('img, b').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
  });

  it('follows the log, each line once', async () => {
    const before = (await ticks()).length;
    await eventually('more lines', async () => (await ticks()).length > before + 20);
    const seen = await ticks();
    expect(seen).toEqual(seen.map((_, index) => index + 1));
  });

  it('stands still while it is paused, and goes on with what came meanwhile', async () => {
    await panel().getByRole('button', { name: 'Pause', exact: true }).click();
    await panel().getByRole('button', { name: 'Resume', exact: true }).waitFor();
    const still = (await ticks()).length;
    const asked = usageAsked;
    await eventually('the window goes on elsewhere', () => usageAsked > asked + 1);
    expect((await ticks()).length).toBe(still);
    await panel().getByRole('button', { name: 'Resume', exact: true }).click();
    await eventually('more lines', async () => (await ticks()).length > still + 10);
    const seen = await ticks();
    expect(seen).toEqual(seen.map((_, index) => index + 1));
  });

  it('finds text in what is there, whatever its case, and goes from one place to the next', async () => {
    const find = page.getByRole('textbox', { name: 'Find in the log' });
    await page.keyboard.press('f');
    await page.keyboard.type('no such text');
    await page.getByText('not found').waitFor();
    await find.fill('listening, but (W');
    await page.getByText('1 of 1').waitFor();
    expect(await log().locator('mark').allInnerTexts()).toEqual(['Listening, but (w']);
    await find.fill('tick 1');
    const here = log().locator('.here');
    await here.filter({ hasText: 'tick 1' }).waitFor();
    const newest = await here.innerText();
    await find.press('Shift+Enter');
    await eventually('another line', async () => (await here.innerText()) !== newest);
    await here.filter({ has: page.locator('mark') }).waitFor();
    expect(
      await here.evaluate((line) => {
        const box = line.parentElement?.getBoundingClientRect();
        const { top, bottom } = line.getBoundingClientRect();
        return box !== undefined && top >= box.top - 1 && bottom <= box.bottom + 1;
      }),
    ).toBe(true);
    await opened.picture('life-log-find');
    await find.press('Escape');
    expect(await log().locator('mark').count()).toBe(0);
  });

  it('stays where one reads, and goes to the newest line when asked', async () => {
    await log().evaluate((box) => box.scrollTo({ top: 0 }));
    const newest = page.getByRole('button', { name: 'Newest' });
    await newest.waitFor();
    const before = (await ticks()).length;
    await eventually('more lines', async () => (await ticks()).length > before + 5);
    expect(await log().evaluate((box) => box.scrollTop)).toBe(0);
    await newest.click();
    await newest.waitFor({ state: 'detached' });
  });

  it('keeps only lines with some text, told plainly where there is none', async () => {
    const filter = page.getByRole('textbox', { name: 'Filter the log' });
    await filter.fill('LISTENING');
    await eventually('one line', async () => (await texts()).length === 1);
    await filter.fill('<i>nowhere');
    await page.getByText('No line of orders-0 holds “<i>nowhere”.').waitFor();
    await filter.press('Escape');
    await log().waitFor();
  });

  it('shows all instances of a service, and who wrote each line', async () => {
    await page.getByRole('row').filter({ hasText: 'web-0' }).click();
    await page.getByRole('combobox', { name: 'Whose log' }).selectOption({ label: 'all of web' });
    const filter = page.getByRole('textbox', { name: 'Filter the log' });
    await filter.fill('listening');
    await eventually('one line of each', async () => (await texts()).length === 2);
    expect((await log().locator('em').allInnerTexts()).sort()).toEqual(['web-0', 'web-1']);
    await page.getByRole('combobox', { name: 'Whose log' }).selectOption({ label: 'every service' });
    await eventually('one line of each', async () => (await texts()).length === 3);
    await page.getByRole('combobox', { name: 'Whose log' }).selectOption('instance');
    await filter.fill('');
  });

  it('is cut to what came since a moment', async () => {
    await page.getByRole('combobox', { name: 'From when on' }).selectOption('now');
    await eventually('only new lines', async () => {
      const seen = await ticks();
      return seen.length > 0 && (seen[0] ?? 0) > 1;
    });
    await page.getByRole('combobox', { name: 'From when on' }).selectOption('1h');
    await eventually('all lines', async () => (await ticks())[0] === 1);
    await opened.picture('life-services');
  });

  it('stops and starts an instance by the keyboard, the focus staying where it was', async () => {
    await page.getByRole('row').filter({ hasText: 'orders-0' }).click();
    await button('Restart').focus();
    await page.getByText('Ends it in order and starts it anew').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await status('orders-0', 'stopped');
    await button('Start').waitFor();
    expect(await button('Start').evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await status('orders-0', 'ready');
  });

  it('refuses what makes no sense now, and says why', async () => {
    await button('Stop').click();
    await status('orders-0', 'stopped');
    expect(await button('Pause').getAttribute('aria-disabled')).toBe('true');
    expect(await button('Kill').getAttribute('aria-disabled')).toBe('true');
    await button('Kill').focus();
    await page.getByText('Not now: orders-0 is stopped.').waitFor();
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').count()).toBe(0);
    await status('orders-0', 'stopped');
  });

  it('tells beside the buttons why a start failed', async () => {
    await writeFile(join(folder.path, 'broken'), '');
    await button('Start').click();
    const alert = page.getByRole('complementary', { name: 'Details' }).getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/^✕ Starting orders-0 failed: .*3/s);
    await status('orders-0', 'failed');
    await opened.picture('life-failed');
    await rm(join(folder.path, 'broken'));
    await button('Start').click();
    await status('orders-0', 'ready');
    await alert.waitFor({ state: 'detached' });
  });

  it('pauses an instance and lets it go on', async () => {
    await button('Pause').click();
    await status('orders-0', 'paused');
    await button('Unpause').click();
    await status('orders-0', 'ready');
  });

  it('kills an instance with the chosen signal: a crash, which the restart policy answers', async () => {
    await page.getByRole('combobox', { name: 'Signal to kill with' }).selectOption('SIGTERM');
    await button('Kill').click();
    await eventually('it is ready again after a restart', async () => {
      const row = await page.getByRole('row').filter({ hasText: 'orders-0' }).innerText();
      return /ready\s+[1-9]/.test(row);
    });
  });

  it('offers no terminal where there is no container, and says why', async () => {
    await page.getByText('Only containers have one: this is a process of your own machine.').waitFor();
    expect(await page.getByRole('button', { name: 'Open a terminal' }).count()).toBe(0);
  });

  it('has a command for what makes sense now', async () => {
    const palette = page.getByRole('combobox', { name: 'Search or run a command' });
    await page.keyboard.press('Control+k');
    await palette.fill('unpause orders-0');
    await page.getByText('Pause orders-0').waitFor({ state: 'detached' });
    await palette.fill('Pause orders-0');
    await page.keyboard.press('Enter');
    await status('orders-0', 'paused');
  });
});
