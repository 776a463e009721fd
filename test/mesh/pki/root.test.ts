import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRoot, loadRoot } from '../../../mesh/pki/root.ts';
import { createClock } from '../../../model/clock.ts';

const clock = createClock(Date.now);
const request = { name: 'shop' };
let base: string;
let folder: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'greenroom-root-'));
  folder = join(base, 'data', 'shop');
});
afterEach(() => rm(base, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('the root of a project', () => {
  it('is refused when others can read its file or its folder', async () => {
    await loadRoot(folder, request, clock);
    await chmod(join(folder, 'root.pem'), 0o640);
    await expect(loadRoot(folder, request, clock)).rejects.toMatchObject({ code: 'root-exposed' });
    await chmod(join(folder, 'root.pem'), 0o600);
    await chmod(folder, 0o755);
    await expect(loadRoot(folder, request, clock)).rejects.toMatchObject({ code: 'root-exposed' });
  });

  it('is refused, not replaced, when its file is damaged', async () => {
    const first = await loadRoot(folder, request, clock);
    const other = await createRoot(request, clock);
    const path = join(folder, 'root.pem');
    for (const content of [
      '',
      'nonsense',
      first.certificatePem,
      first.certificatePem + other.privateKey.reveal(),
    ]) {
      await writeFile(path, content);
      await expect(loadRoot(folder, request, clock)).rejects.toMatchObject({ code: 'root-unreadable' });
      expect(await readFile(path, 'utf8')).toBe(content);
    }
  });

  it('is refused when it has expired', async () => {
    const old = createClock(() => Date.now() - 11 * 365 * 24 * 60 * 60 * 1000);
    await loadRoot(folder, request, old);
    await expect(loadRoot(folder, request, clock)).rejects.toMatchObject({ code: 'root-expired' });
  });

  it('is for the user alone: the folder 0700, the file 0600', async () => {
    await loadRoot(folder, request, clock);
    expect([await modeOf(folder), await modeOf(join(folder, 'root.pem'))]).toEqual([0o700, 0o600]);
    expect(await readdir(folder)).toEqual(['root.pem']);
  });

  it('never shows its key', async () => {
    const root = await createRoot(request, clock);
    expect(`${JSON.stringify(root)}${inspect(root)}${String(root.privateKey)}`).not.toMatch(/PRIVATE KEY/);
  });

  it('is made once, also by ten starts at the same moment', async () => {
    const roots = await Promise.all(Array.from({ length: 10 }, () => loadRoot(folder, request, clock)));
    expect(new Set(roots.map(({ certificatePem }) => certificatePem)).size).toBe(1);
    expect((await loadRoot(folder, request, clock)).certificatePem).toBe(roots[0]?.certificatePem);
    expect(await readdir(folder)).toEqual(['root.pem']);
  });

  it('is a P-256 authority for ten years that signed itself', async () => {
    const root = await createRoot(request, clock);
    const certificate = new X509Certificate(root.certificatePem);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(certificate.subject).toBe('O=Greenroom\nCN=shop root');
    expect((root.notAfter - Date.now()) / (365 * 24 * 60 * 60 * 1000)).toBeCloseTo(10, 2);
  });
});
