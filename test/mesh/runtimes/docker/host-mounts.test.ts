/** Mounts whose real place commands the engine or the machine. Real links, no engine. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseHostMounts } from '../../../../mesh/runtimes/docker/host-mounts.ts';
import type { ContainerMount } from '../../../../model/container.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-mounts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bind = (source: string): ContainerMount => ({
  kind: 'bind',
  source,
  target: '/x',
  access: 'read-only',
});
const refuse = (source: string, url = 'http://127.0.0.1:2375') =>
  refuseHostMounts([bind(source)], url, 'shop/web');

it.each(['/proc', '/sys', '/dev', '/'])('a link to %s is refused, named as it is written', (target) => {
  const link = join(folder, 'innocent');
  symlinkSync(target, link);
  expect(() => refuse(link)).toThrow(
    expect.objectContaining({
      code: 'engine-mounted',
      message: expect.stringContaining(`shop/web mounts ${link}`) as string,
    }),
  );
});

it('one below a link is refused too, whether anything is there or not', () => {
  symlinkSync('/proc', join(folder, 'innocent'));
  expect(() => refuse(join(folder, 'innocent/1'))).toThrow('undo its containment');
  expect(() => refuse(join(folder, 'innocent/none/such'))).toThrow('undo its containment');
});

it("a link whose end can't be followed is refused by what it says", () => {
  symlinkSync('/var/lib/docker/none/such', join(folder, 'innocent'));
  expect(() => refuse(join(folder, 'innocent'))).toThrow('undo its containment');
});

it('a link that leads to itself leads to no control of the host', () => {
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  expect(() => refuse(join(folder, 'loop'))).not.toThrow();
});

it('a path that only leads there by its dots is refused', () => {
  expect(() => refuse(`${folder}/../../proc`)).toThrow('undo its containment');
});

it("the engine's own socket is refused wherever it is, by a link, and by the folder that holds it", () => {
  mkdirSync(join(folder, 'own'));
  writeFileSync(join(folder, 'own/engine.sock'), '');
  symlinkSync(join(folder, 'own/engine.sock'), join(folder, 'innocent'));
  const url = `unix://${join(folder, 'own/engine.sock')}`;
  for (const source of ['own/engine.sock', 'own', 'innocent'])
    expect(() => refuse(join(folder, source), url)).toThrow('undo its containment');
});

it("a folder of the project, a link to one, and one that isn't there yet are mounted", () => {
  mkdirSync(join(folder, 'data'));
  symlinkSync(join(folder, 'data'), join(folder, 'link'));
  const url = `unix://${join(folder, 'engine.sock')}`;
  for (const source of ['data', 'link', 'link/none', 'none'])
    expect(() => refuse(join(folder, source), url)).not.toThrow();
});
