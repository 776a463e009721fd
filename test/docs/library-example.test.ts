import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/greenroom.ts';

const home = new URL('../../', import.meta.url);
const section =
  /## As a library\n(.*?)\n## /s.exec(readFileSync(new URL('README.md', home), 'utf8'))?.[1] ?? '';

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(section)?.[1] ?? '';
}

describe('the README’s example of the library', () => {
  it('prints what stands below it', async () => {
    const code = block('ts');
    expect(code).toContain("'greenroom/policy'");
    const { path, remove } = await temporaryFolder();
    try {
      const file = join(path, 'example.ts');
      await writeFile(
        file,
        code.replace("'greenroom/policy'", JSON.stringify(new URL('policy/index.ts', home).href)),
      );
      const { stdout } = await promisify(execFile)(process.execPath, [file]);
      expect(stdout).toBe(block('console'));
    } finally {
      await remove();
    }
  });

  it('imports what the package publishes', () => {
    const { exports } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as {
      exports: Record<string, { default: string }>;
    };
    expect(exports['./policy']?.default).toBe('./dist/policy/index.js');
  });
});
