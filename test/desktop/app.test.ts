/**
 * The desktop app itself, wherever an Electron binary is present: its window is sandboxed, shows our page, and has no
 * Node in it. Not part of CI, where no binary can be had; `npm run test:desktop`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import { expect, it } from 'vitest';
import { repository } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

const main = join(repository, 'dist', 'electron', 'main.js');
const binary = join(
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? '',
  process.platform === 'win32' ? 'electron.exe' : 'electron',
);

describeWith('electron', 'the desktop app', () => {
  it('opens one sandboxed window on the shop, without Node in its page', async () => {
    expect(existsSync(main), 'npm run build first').toBe(true);
    const app = await _electron.launch({
      executablePath: binary,
      args: [main, join(repository, 'scenarios', 'shop')],
    });
    try {
      // The question whether to start the project's services is a system dialog; it is answered with Start.
      await app.evaluate(({ dialog }) => {
        dialog.showMessageBox = async () => ({ response: 0, checkboxChecked: false });
      });
      const page = await app.firstWindow();
      expect(new URL(page.url()).origin).toBe('greenroom://app');
      expect(
        await page.evaluate(() => [
          typeof (globalThis as { require?: unknown }).require,
          typeof (globalThis as { process?: unknown }).process,
        ]),
      ).toEqual(['undefined', 'undefined']);
      await page.getByText('payments').first().waitFor();
    } finally {
      await app.close();
    }
  });
});
