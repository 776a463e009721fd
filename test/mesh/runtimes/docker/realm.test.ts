import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { knownRealm, realmOf, thisRealm } from '../../../../mesh/runtimes/docker/realm.ts';
import { type Folder, temporaryFolder } from '../../../support/greenroom.ts';

const place = {
  folder: 'aef6c9d8-7b7f-4bb0-93a2-2b1d1c4c7a55',
  machine: 'b08dfa6083e7567a1921a715000001fb',
  host: 'one',
  processes: 'pid:[4026531836]',
};

describe('a realm', () => {
  it.each([
    ['machine made of the same image, with the same name', { folder: 'another' }],
    ['machine with the same home', { host: 'two' }],
    ['machine with the same home and name', { machine: 'another' }],
    ['container on the same machine', { processes: 'pid:[4026532000]' }],
  ])('of another %s is another', (_what, other) => {
    expect(realmOf({ ...place, ...other })).not.toBe(realmOf(place));
  });

  it('of a machine with the same home is another where a name is all that a system has', () => {
    const mac = { ...place, machine: null, processes: null };
    expect(realmOf({ ...mac, host: 'two' })).not.toBe(realmOf(mac));
  });

  it('is the same each time, and tells nothing of what it is made of', () => {
    const realm = realmOf(place);
    expect(realmOf({ ...place })).toBe(realm);
    for (const part of [place.folder, place.machine]) expect(realm).not.toContain(part);
  });
});

describe('this process’s realm', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('is unknown before a session asked for it, and the folder that is only looked at stays as it is', async () => {
    expect(knownRealm(folder.path)).toBeNull();
    expect(knownRealm(join(folder.path, 'none'))).toBeNull();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is drawn once in a data folder, into a file of this user’s only, and is another in another folder', async () => {
    const data = join(folder.path, 'data');
    const realm = thisRealm(data);
    expect([thisRealm(data), knownRealm(data)]).toEqual([realm, realm]);
    expect(await readdir(data)).toEqual(['folder-id']);
    expect((await stat(join(data, 'folder-id'))).mode & 0o777).toBe(0o600);
    expect(thisRealm(join(folder.path, 'other'))).not.toBe(realm);
  });

  it('is the one that was drawn first', async () => {
    const data = join(folder.path, 'data');
    await mkdir(data, { mode: 0o700 });
    await writeFile(join(data, 'folder-id'), 'drawn\n');
    thisRealm(data);
    expect(await readFile(join(data, 'folder-id'), 'utf8')).toBe('drawn\n');
  });
});
