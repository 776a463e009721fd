/** `--report`: where a report can't go is said plainly; a folder that is missing is made. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectJsonReports, writeReport } from '../../cli/reports.ts';
import { EnvironmentError } from '../../model/environment-error.ts';
import { temporaryFolder } from '../support/greenroom.ts';

let folder = '';
let remove: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
});
afterEach(async () => await remove());

describe('writeReport', () => {
  it('says what is in the way, as an error of the environment and not a bug', async () => {
    await writeFile(join(folder, 'file'), '');
    const tried = writeReport(join(folder, 'file', 'report.xml'), '<x/>');
    await expect(tried).rejects.toThrow(EnvironmentError);
    await expect(tried).rejects.toThrow(/report\.xml can't be written/);
  });

  it('makes the folder', async () => {
    await writeReport(join(folder, 'a', 'b', 'report.xml'), '<x/>');
    expect(await readFile(join(folder, 'a', 'b', 'report.xml'), 'utf8')).toBe('<x/>');
  });
});

describe('collectJsonReports', () => {
  it('refuses a report that decide does not write, rather than writing none', () => {
    expect(() => collectJsonReports('junit=x.xml', [])).toThrow(/json=FILE/);
    expect(collectJsonReports('json=x.json', [])).toEqual(['json=x.json']);
  });
});
