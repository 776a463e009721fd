import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keySetsInFiles, readKeyFile } from '../../mesh/key-file.ts';
import { keySetText, requestAuthentication, signer } from '../support/tokens.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-keys-'));
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const setsOf = (...uris: string[]) =>
  keySetsInFiles([requestAuthentication(uris.map((jwksUri) => ({ issuer: jwksUri, jwksUri })))], root);

describe('keys in a file', () => {
  it('are none where no file is, where it is a folder, too long, or holds no key that can be used', async () => {
    await mkdir(join(root, 'folder'));
    await writeFile(join(root, 'empty.json'), '{"keys":[]}');
    await writeFile(join(root, 'long.json'), ' '.repeat(1_048_577));
    expect(await setsOf('./gone.json', './folder', 'file:empty.json', './long.json')).toEqual({
      './gone.json': null,
      './folder': null,
      'file:empty.json': null,
      './long.json': null,
    });
    await expect(readKeyFile('long.json', root)).rejects.toThrow('longer than a megabyte');
  });

  it('are read relative to the project, or by their full path', async () => {
    const path = join(root, 'keys.json');
    await writeFile(path, keySetText(signer('ES256', 'one')));
    for (const uri of ['./keys.json', 'file:keys.json', 'file:./keys.json', `file://${path}`])
      expect(await setsOf(uri), uri).toMatchObject({ [uri]: [{ kid: 'one' }] });
  });

  it('are no business of URLs, nor of rules that hold their keys', async () => {
    const own = requestAuthentication([{ issuer: 'x', jwks: keySetText(signer()), jwksUri: './keys.json' }]);
    expect(await keySetsInFiles([own], root)).toEqual({});
    expect(await setsOf('https://issuer.example/keys')).toEqual({});
  });
});
