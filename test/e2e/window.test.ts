/** The window as a person uses it: the real command, the real mesh, a real browser. */
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { describeWith } from '../support/requires.ts';
import { openBrowser, type Served, serveProject } from './window-page.ts';

const PICTURES = fileURLToPath(new URL('../../docs/img/', import.meta.url));
const DRAWS = process.env['GREENROOM_SCREENSHOTS'] === '1';

/** How the server answers a handshake that it should refuse. */
function handshake(url: string, headers: Record<string, string>): Promise<number | 'opened'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve('opened');
    });
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => undefined);
  });
}

describeWith('browser', 'the window', () => {
  let served: Served;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  const goTo = async (hash: string): Promise<void> => {
    await page.evaluate((to) => {
      window.location.hash = to;
    }, hash);
  };
  const command = async (words: string): Promise<void> => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search or run a command' }).fill(words);
    await page.keyboard.press('Enter');
  };

  /** Keys that find the window busy: of its own tasks none runs between them. */
  async function pressAtOnce(keys: readonly string[]): Promise<void> {
    await page.evaluate(async (names) => {
      for (const name of names) {
        const key = name.replace('Control+', '');
        const options = { key, ctrlKey: key !== name, bubbles: true, cancelable: true };
        const target = document.activeElement ?? document.body;
        if (target.dispatchEvent(new KeyboardEvent('keydown', options)) && name.length === 1)
          document.execCommand('insertText', false, key);
        // What a key's handlers leave to the end of their turn is done before the next key, as in a browser.
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      }
    }, keys);
  }

  beforeAll(async () => {
    [served, browser] = await Promise.all([serveProject('scenarios/shop'), openBrowser()]);
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await served?.stop();
  });

  it('opens for nobody without the link, with a wrong token, from another name or another site', async () => {
    expect((await fetch(served.origin)).status).toBe(403);
    expect((await fetch(`${served.origin}/?token=wrong`)).status).toBe(403);
    const ws = `${served.origin.replace('http', 'ws')}/ws`;
    expect(await handshake(ws, { origin: served.origin })).toBe(403);
    expect(await handshake(ws, { origin: 'https://evil.example' })).toBe(403);
  });

  it('starts on the topology with five services up', async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto(served.url);
    await page.getByText('5 of 5').waitFor();
    expect(page.url()).not.toContain('token');
    for (const name of ['web', 'orders', 'payments', 'inventory', 'reviews']) {
      await page.locator('.node', { hasText: `sa/${name}` }).waitFor();
    }
    await page.getByText('No service has called another yet.').waitFor();
  });

  it('lets no second window in by the same link, nor another site’s page by the cookie', async () => {
    const other = await browser.newContext();
    const answer = await (await other.newPage()).goto(served.url);
    expect(answer?.status()).toBe(403);
    await other.close();
    const [cookie] = await context.cookies();
    expect(cookie?.httpOnly).toBe(true);
    const pair = `${cookie?.name}=${cookie?.value}`;
    const ws = `${served.origin.replace('http', 'ws')}/ws`;
    expect(await handshake(ws, { origin: 'https://evil.example', cookie: pair })).toBe(403);
    expect(await handshake(ws, { origin: served.origin, cookie: pair, host: 'rebound.example' })).toBe(403);
  });

  it('shows a sample request as closed locks between the services that it reached', async () => {
    await command('sample request');
    await page
      .locator('.edge-label', { has: page.locator('.lock.closed') })
      .first()
      .waitFor();
    await page.locator('.edge-label[title^="web to orders"]').click();
    await page.getByRole('heading', { name: 'web → orders' }).waitFor();
    await page.getByText('spiffe://cluster.local/ns/shop/sa/orders').waitFor();
    expect(page.url()).toContain('edge=');
    await page.getByRole('button', { name: /policies\/orders\.yaml:\d+/ }).waitFor();
  });

  it('hears the first letters after the palette’s key, and gives the focus back', async () => {
    const palette = page.getByRole('combobox', { name: 'Search or run a command' });
    const before = await page.evaluateHandle(() => document.activeElement);
    await pressAtOnce(['Control+k', ...'no such command']);
    await page.getByText('No command has these words.').waitFor();
    expect(await palette.inputValue()).toBe('no such command');
    await page.keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    expect(await before.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  it('has the picture’s numbers in its table', async () => {
    await page.keyboard.press('t');
    const row = page.getByRole('row', { name: /web → orders/ });
    expect(await row.innerText()).toMatch(/mTLS in all requests/);
    await page.keyboard.press('t');
    await page.keyboard.press('Escape');
  });

  it('runs one scenario from the list and replays it step by step', async () => {
    await goTo('#/rehearsals?scenario=inventory-cannot-charge');
    await page.getByRole('button', { name: 'Run this scenario' }).click();
    await page.getByText('the attack was blocked').waitFor();
    const stops = page.locator('.stop button');
    await stops.nth(1).waitFor();
    await stops.first().click();
    await page.keyboard.press('ArrowRight');
    await page.locator('.edge-label.lit').getByText('denied 403').waitFor();
    await page.locator('.token.stopped').waitFor({ state: 'attached' });
    await page.getByText('nothing arrived at the service').waitFor();
    await page.getByRole('button', { name: 'Play the replay' }).click();
    await page.locator('.stop').last().locator('[aria-current]').waitFor();
  });

  it('runs all of them and says how many passed', async () => {
    await page.getByRole('button', { name: 'Run all' }).click();
    await page.locator('.task').getByText('Rehearsal finished').waitFor({ timeout: 60_000 });
    await page
      .locator('.totals')
      .getByText(/\d+ passed/)
      .waitFor();
    expect(
      await page
        .locator('.totals')
        .getByText(/failed|errored/)
        .count(),
    ).toBe(0);
    await page
      .locator('.totals')
      .getByText(/known hole/)
      .waitFor();
  });

  const DENIED = 'verdict:denied from:inventory';

  it('leads from a denied row to the policy’s line that was missing', async () => {
    // Nothing is waited for: whoever knows the keys doesn't look either.
    await page.keyboard.press('2');
    await page.keyboard.press('/');
    await page.keyboard.type(DENIED);
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'inventory → payments' }).waitFor();
    await page.getByText('No ALLOW policy lets').waitFor();
    await page.locator('.clauses .missed').getByText('principals').waitFor();
    await page.getByRole('button', { name: /^policies\/payments\.yaml:\d+$/ }).waitFor();
    expect(await page.locator('.code .hl').innerText()).toContain('sa/orders');
    expect(await page.getByRole('row', { selected: true }).innerText()).toContain('inventory');
  });

  it('takes the keys for a view, its filter and a row of it in one moment', async () => {
    await page.keyboard.press('1');
    await page.locator('.node').first().waitFor();
    await pressAtOnce(['2', '/', ...DENIED, 'Enter', 'ArrowDown']);
    await page.getByRole('heading', { name: 'inventory → payments' }).waitFor();
    expect(await page.getByRole('row', { selected: true }).innerText()).toContain('inventory');
  });

  it('goes from a filter that leaves no row to one that does, by an arrow alone too', async () => {
    for (const way of [['Enter', 'ArrowDown'], ['ArrowDown']]) {
      await page.keyboard.press('Escape');
      await page.keyboard.press('/');
      await page.keyboard.press('Control+a');
      await page.keyboard.type('path:/nowhere');
      await page.getByText('No request matches').waitFor();
      await page.keyboard.press('Control+a');
      await pressAtOnce([...DENIED, ...way]);
      await page.getByRole('heading', { name: 'inventory → payments' }).waitFor();
    }
  });

  it('keeps the focus in the list while a filter leaves no row', async () => {
    await page.keyboard.press('/');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('path:/nowhere');
    await page.keyboard.press('Enter');
    await page.getByText('No request matches').waitFor();
    const list = page.getByRole('grid', { name: 'Traffic, newest first' });
    expect(await list.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await page.getByText('No request matches').waitFor({ state: 'detached' });
  });

  it('names an unknown filter key', async () => {
    await page.keyboard.press('/');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('colour:red');
    await page.getByRole('alert').getByText('There is no key').waitFor();
    // Once for the words, once for the box.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  });

  it('downloads the export as a zip that holds what the preview showed', async () => {
    await page.keyboard.press('7');
    await goTo('#/export?file=policies/payments.yaml');
    await page.locator('.preview .code').getByText('payments-orders-charge').waitFor();
    const shown = await page.locator('.tree-file').count();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download zip' }).click(),
    ]);
    const files = unzipSync(await readFile(await download.path()));
    const names = Object.keys(files).filter((name) => !name.endsWith('/'));
    expect(names.length).toBe(shown);
    const own = names.find((name) => name.endsWith('policies/payments.yaml')) ?? '';
    const source = await readFile(new URL('../../scenarios/shop/policies/payments.yaml', import.meta.url));
    expect(Buffer.from(files[own] ?? []).equals(source)).toBe(true);
  });

  it('says in its own words what the host refused', async () => {
    await goTo('#/export');
    await page.getByLabel('Folder, relative to the project').fill('./greenroom.yaml');
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    const task = page.locator('.task.failed');
    await task.waitFor();
    expect(await task.innerText()).not.toMatch(/without a reason|undefined|\[object/);
    await task.getByRole('button', { name: /Dismiss/ }).click();
    await task.waitFor({ state: 'detached' });
  });

  it('shows the hint of a refusal beside its words', async () => {
    await page.getByLabel('Folder, relative to the project').fill('../elsewhere');
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    const task = page.locator('.task.failed');
    await task.getByText('not inside the project (hint: greenroom export --out writes anywhere)').waitFor();
    await task.getByRole('button', { name: /Dismiss/ }).click();
  });

  it('says of an instance without containment that nothing keeps it to its sidecar', async () => {
    await goTo('#/services?instance=orders-0');
    await page.getByText('no rules keep it to its sidecar').waitFor();
  });

  it('gives a service another number of instances, and shows them come and go', async () => {
    await goTo('#/services?instance=orders-0');
    const number = page.getByRole('spinbutton', { name: 'Instances of orders' });
    const scale = page.getByRole('button', { name: 'Scale', exact: true });
    expect(await scale.isDisabled()).toBe(true);
    await number.fill('101');
    expect(await scale.isDisabled()).toBe(true);
    await number.fill('2');
    await scale.click();
    const second = page.getByRole('row').filter({ hasText: 'orders-1' });
    await second.filter({ hasText: 'ready' }).waitFor();
    await page.getByText('orders has 2 instances').waitFor();
    await number.fill('1');
    await scale.click();
    await second.waitFor({ state: 'detached' });
    await page.getByText('orders has 1 instance', { exact: true }).waitFor();
  });

  it('lists every shortcut behind the question mark', async () => {
    await goTo('#/traffic');
    await page.locator('.rows').focus();
    await page.keyboard.press('?');
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Rehearse every scenario').waitFor();
    await sheet.getByText('Filter traffic').waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  it('shows each service and each label of the picture whole, also beside an inspector', async () => {
    for (const size of [
      { width: 1440, height: 900 },
      { width: 960, height: 600 },
    ]) {
      await page.setViewportSize(size);
      await goTo('#/topology?edge=web%E2%86%92orders');
      await page.locator('.edge-label').first().waitFor();
      // The picture is fitted in a frame after its room has changed.
      await page.waitForFunction(() => {
        const pane = document.querySelector('.react-flow')?.getBoundingClientRect();
        const parts = [...document.querySelectorAll('.edge-label, .react-flow__node')];
        return (
          pane !== undefined &&
          parts.length > 10 &&
          parts.every((part) => {
            const box = part.getBoundingClientRect();
            return (
              box.left >= pane.left &&
              box.right <= pane.right &&
              box.top >= pane.top &&
              box.bottom <= pane.bottom
            );
          })
        );
      });
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('covers and cuts off no control in the smallest window', async () => {
    await page.setViewportSize({ width: 960, height: 600 });
    const views = {
      topology: '#/topology',
      traffic: '#/traffic?filter=verdict:denied',
      rehearsals: '#/rehearsals?scenario=inventory-cannot-charge&step=1',
      policies: '#/policies?file=policies/orders.yaml',
      identities: '#/identities',
      services: '#/services?instance=orders-0',
      export: '#/export?file=policies/payments.yaml',
    };
    for (const [view, hash] of Object.entries(views)) {
      await goTo(hash);
      await page.locator(`nav a[aria-current][href="#/${view}"]`).waitFor();
      await page.locator('main h2').first().waitFor();
      const wrong = await page.evaluate(() => {
        const said: string[] = [];
        for (const one of document.querySelectorAll(
          '.bar button, .bar .pill, main button, main input, main h2',
        )) {
          const box = one.getBoundingClientRect();
          // What is scrolled, panned or laid over everything on purpose is elsewhere.
          if (box.width === 0 || one.closest('.scroll, .rows, .side-body, .steps, .react-flow')) continue;
          const column = one.closest('.column, .list-column, .side, .bar')?.getBoundingClientRect();
          const name = `${one.tagName} ${one.textContent}`;
          if (column && (box.left < column.left || box.right > column.right + 0.5))
            said.push(`${name} sticks out`);
          if (box.height > 60) said.push(`${name} is ${box.height} high`);
        }
        if (document.documentElement.scrollWidth > window.innerWidth) said.push('the page scrolls');
        return said;
      });
      expect(wrong, view).toEqual([]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  if (DRAWS)
    it('draws every view in both themes', async () => {
      await mkdir(PICTURES, { recursive: true });
      for (let knock = 0; knock < 12; knock += 1) await command('sample request');
      await goTo('#/traffic?filter=verdict:denied+from:inventory');
      await page
        .getByRole('row')
        .filter({ hasText: 'inventory' })
        .filter({ hasText: 'denied' })
        .first()
        .click();
      const denied = /event=(\d+)/.exec(page.url())?.[1] ?? '';
      const views = {
        topology: '#/topology?edge=web%E2%86%92orders',
        traffic: `#/traffic?event=${denied}`,
        rehearsals: '#/rehearsals?scenario=inventory-cannot-charge&step=1',
        policies: '#/policies?file=policies/orders.yaml',
        identities: '#/identities',
        services: '#/services?instance=orders-0',
        export: '#/export?file=policies/payments.yaml',
      };
      for (const theme of ['light', 'dark'] as const) {
        await command(`theme ${theme}`);
        for (const [name, hash] of Object.entries(views)) {
          await goTo(hash);
          await page.locator('.task').first().waitFor({ state: 'detached' });
          if (name === 'topology') await page.locator('.edge-label').first().waitFor();
          if (name === 'rehearsals') await page.locator('.edge-label.lit').waitFor();
          await page.mouse.move(720, 895);
          // Fonts, a fit of the picture and a replay’s hop have ended when no animation runs any more.
          await page.evaluate(() =>
            Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))),
          );
          await page.screenshot({ path: `${PICTURES}${name}-${theme}.png` });
        }
      }
      await command('theme system');
    }, 120_000);

  it('broke no rule of its own content policy and threw nothing', () => {
    expect(complaints).toEqual([]);
  });

  it('says when the host is gone, and keeps what it showed', async () => {
    await goTo('#/topology');
    await page.locator('.node', { hasText: 'orders' }).waitFor();
    await served.stop();
    await page.getByText('Disconnected:').waitFor();
    expect(await page.locator('.node').count()).toBeGreaterThanOrEqual(5);
  });
});
