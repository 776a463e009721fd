import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkExportFolder, writeExport, zipExport } from '../../host/write-export.ts';
import { temporaryFolder } from '../support/greenroom.ts';

let folder = '';
let remove: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  ({ path: folder, remove } = await temporaryFolder());
});
afterEach(async () => await remove());

describe('checkExportFolder', () => {
  const mesh = {
    root: '/p',
    policyFiles: ['/p/policies/a.yaml', '/p/mesh.yaml'],
    scenarioFiles: ['/p/s/x.yaml'],
  };
  it.each(['/p', '/p/', '/p/policies', '/p/policies/k8s', '/p/s'])(
    'refuses %s, which the project is read from',
    (folder) => {
      expect(() => checkExportFolder(mesh, folder)).toThrow(/read from/);
    },
  );
  it.each(['/p/k8s', '/p/policies-k8s', '/elsewhere', '/'])('takes %s', (folder) => {
    expect(() => checkExportFolder(mesh, folder)).not.toThrow();
  });
});

describe('writeExport', () => {
  it('writes nothing outside its folder', async () => {
    await expect(
      writeExport(join(folder, 'out'), [{ path: '../escaped.yaml', text: 'x' }]),
    ).rejects.toMatchObject({ code: 'export-outside' });
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('follows no link that lies in the way', async () => {
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'precious'), 'keep me');
    await symlink(join(folder, 'precious'), join(folder, 'out', 'a.yaml'));
    await expect(writeExport(join(folder, 'out'), [{ path: 'a.yaml', text: 'x' }])).rejects.toMatchObject({
      code: 'export-in-the-way',
    });
    expect(await readFile(join(folder, 'precious'), 'utf8')).toBe('keep me');
  });

  it('says plainly that the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(
      writeExport(join(folder, 'file', 'out'), [{ path: 'a.yaml', text: 'x' }]),
    ).rejects.toMatchObject({ code: 'export-not-written' });
  });

  it.skipIf(process.platform !== 'linux')(
    'says so of a place where no folder can be made, rather than trying for ever',
    async () => {
      await expect(writeExport('/proc/nowhere/out', [{ path: 'a.yaml', text: 'x' }])).rejects.toMatchObject({
        code: 'export-not-written',
      });
    },
  );

  it('leaves no partial file and keeps files that are not its own', async () => {
    await writeFile(join(folder, 'mine.txt'), 'mine');
    await writeExport(folder, [{ path: 'a/b.yaml', text: 'b' }]);
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(['a', 'a/b.yaml', 'mine.txt']);
  });
});

describe('zipExport', () => {
  it('gives the same bytes for the same files', () => {
    const files = [{ path: 'a/b.yaml', text: 'b' }];
    expect(zipExport('shop', files)).toEqual(zipExport('shop', files));
  });
});
