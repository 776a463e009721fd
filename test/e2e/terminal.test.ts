/** A terminal in a container, in the window: real engine, real shell, real Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildBox, echoProject } from '../support/docker-box.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import { describeWith, firstMissing } from '../support/requires.ts';
import { openWindow, type OpenWindow } from './window-page.ts';

describeWith(firstMissing('docker', 'browser'), 'a terminal in the window', () => {
  let folder: Folder;
  let opened: OpenWindow;
  let page: Page;
  const refused: string[] = [];

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder({ 'greenroom.yaml': echoProject('terminal') });
    opened = await openWindow(folder.path);
    page = opened.page;
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
    await opened.show();
    await page.getByText('1 of 1', { exact: true }).waitFor({ timeout: 60_000 });
    await opened.goTo('#/services?instance=orders-0');
  }, 150_000);
  afterAll(async () => {
    await opened?.close();
    await folder?.remove();
  });

  const screen = () => page.getByRole('region', { name: 'Screen of orders-0' });
  const shows = async (words: RegExp): Promise<string> =>
    await eventually(String(words), async () => {
      const text = await screen().innerText();
      return words.test(text) ? text : null;
    });

  it('says plainly why a command can’t be run', async () => {
    await page.getByRole('button', { name: 'Open a terminal' }).click();
    await page.getByRole('textbox', { name: /^Command/ }).fill('no-such-program');
    await page.keyboard.press('Enter');
    const alert = page.getByRole('region', { name: 'Terminal', exact: true }).getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/no-such-program|ended with 12[67]/);
  });

  it('is as large as what is seen of it, and takes keys', async () => {
    await page.getByRole('textbox', { name: /^Command/ }).fill('busybox sh');
    await page.keyboard.press('Enter');
    await shows(/[#$] *$/m);
    await page.keyboard.type('busybox stty size; echo $((6*7))x\n');
    const text = await shows(/^42x/m);
    const [rows, columns] = (/^(\d+) (\d+)/m.exec(text) ?? []).slice(1).map(Number);
    expect(rows).toBeGreaterThan(10);
    expect(columns).toBeGreaterThan(60);
    // A shell that hasn't its line editor back yet would end by Control C what it then isn't given.
    await shows(/^42x *\n.*[#$] *$/m);
    await page.keyboard.type('echo wrong');
    await page.keyboard.press('Control+c');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await eventually(
      'the line before, once more',
      async () => ((await screen().innerText()).match(/^42x/gm) ?? []).length === 2,
    );
  });

  it('shows colours by its own styles, and hostile text as text', async () => {
    await page.keyboard.type(
      'printf "\\033[31mred\\033[0m \\033[38;2;1;2;3mrgb\\033[0m <img src=x> \\342\\200\\256bidi\\033]0;owned\\007\\n"\n',
    );
    await screen().locator('.fg-1', { hasText: /^red$/ }).waitFor();
    expect(
      await screen()
        .locator('b', { hasText: /^rgb$/ })
        .evaluate((one) => getComputedStyle(one).color),
    ).toBe('rgb(1, 2, 3)');
    expect(await shows(/^red rgb.*bidi/m)).toContain('<img src=x> ⟨U+202E⟩bidi');
    expect(await screen().locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    expect(refused).toEqual([]);
    await opened.picture('terminal');
  });

  it('is left by Shift Tab, and tells how the command ended', async () => {
    const keys = page.getByRole('textbox', { name: /^Keys for the terminal/ });
    await page.keyboard.press('Shift+Tab');
    expect(await keys.evaluate((one) => one === document.activeElement)).toBe(false);
    await keys.focus();
    await page.keyboard.type('exit 7\n');
    await page.getByText('It ended with 7.').waitFor();
    await page.getByRole('button', { name: 'Close the terminal' }).click();
    await page.getByRole('log').waitFor();
  });
});
