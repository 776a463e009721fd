/** `greenroom check --suite`: what it counts, prints and exits with. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSuites } from '../../cli/check-suites.ts';
import { FilesError } from '../../cli/exit-codes.ts';
import { greenroom, temporaryFolder } from '../support/greenroom.ts';

let folder = '';
let removeFolder: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove: removeFolder } = await temporaryFolder());
});
afterEach(async () => await removeFolder());

async function file(text: string): Promise<string> {
  const path = join(folder, 's.yaml');
  await writeFile(path, text);
  return path;
}

const HEAD = 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: p }\n';

describe('a suite', () => {
  it('that can not be read is the fault of its file', async () => {
    await expect(checkSuites([join(folder, 'none.yaml')])).rejects.toThrow(FilesError);
    await expect(checkSuites([await file('kind: X\n')])).rejects.toThrow('apiVersion is missing');
  });

  it('differs where an object is judged otherwise than expected, and says why', async () => {
    const path = await file(`${HEAD}spec: { mtls: { mode: strict } }\n---\n_err: refused\n${HEAD}spec: {}\n`);
    const { objects, agree, differ, lines } = await checkSuites([path]);
    expect({ objects, agree, differ }).toEqual({ objects: 2, agree: 0, differ: 2 });
    expect(lines).toEqual([
      `✕ p (${path})`,
      '    expected valid',
      `    ${path}:4:17: error invalid-value: mtls.mode must be one of UNSET, DISABLE, PERMISSIVE, STRICT, not "strict"\n  hint: did you mean STRICT?`,
      `✕ p (${path})`,
      '    expected refused: refused',
      '    judged valid',
    ]);
  });

  it('exits 1 while any differs, 0 when all agree, with the count as the last line', async () => {
    const wrong = await greenroom(['check', '--suite', await file(`_err: refused\n${HEAD}spec: {}\n`)]);
    expect([wrong.code, wrong.stdout.trim().split('\n').at(-1)]).toEqual([1, '1 objects, 0 agree, 1 differ']);
    const corpus = fileURLToPath(new URL('../corpora/istio/generated/invalid-1.json', import.meta.url));
    const right = await greenroom(['check', '--suite', corpus]);
    expect([right.code, right.stdout.trim().split('\n').at(-1)]).toEqual([
      0,
      '100 objects, 100 agree, 0 differ',
    ]);
  });
});
