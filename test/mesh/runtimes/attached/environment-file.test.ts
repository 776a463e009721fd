import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentFile, environmentText } from '../../../../mesh/runtimes/attached/environment-file.ts';

describe('the text of an environment file', () => {
  it('names what no quotes can hold, and leaves it out', () => {
    const text = environmentText({ A: `'"\``, B: 'b' });
    expect(text).toBe("# A: its value can't be written in such a file\nB=b\n");
  });

  it.each([
    ['an address', 'http://127.0.0.1:4711'],
    ['nothing', ''],
    ['a blank at each end', ' a '],
    ['the mark of a comment', 'a # b'],
    ['a backslash and an n', 'a\\nb'],
    ['two lines', 'a\nb=c'],
    ['single quotes', "it's"],
    ['double quotes and single ones', `it's "so"`],
    ['a backslash and single quotes', "it's a \\n"],
    ['a dollar', '$HOME ${HOME}'],
  ])('is read back by Node as it was: %s', (_what, value) => {
    expect(parseEnv(environmentText({ BEFORE: '1', A: value, AFTER: '2' }))).toEqual({
      BEFORE: '1',
      A: value,
      AFTER: '2',
    });
  });
});

describe('an environment file', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'greenroom-environment-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
  const file = (session: string, root = '/home/me/shop') =>
    environmentFile(dataDir, { name: 'shop', root }, 'billing/ide-0', session);

  it('stays when another session of the project has written it since', () => {
    file('one').write({ A: '1' });
    file('two').write({ A: '2' });
    file('one').remove();
    expect(existsSync(file('two').path)).toBe(true);
    file('two').remove();
    expect(existsSync(file('two').path)).toBe(false);
  });

  it('is another one for another folder, and the same for the next session', () => {
    expect(file('one').path).not.toBe(file('one', '/home/me/other').path);
    expect(file('one').path).toBe(file('two').path);
  });

  it('doesn’t write where a link in its place leads', () => {
    const { path, write } = file('one');
    write({ A: '1' });
    const elsewhere = join(dataDir, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, `${path}.new`);
    write({ A: 'secret' });
    expect(readdirSync(dirname(path))).toEqual(['billing.ide-0.env']);
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
  });
});
