import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchText } from '../../mesh/fetch-text.ts';
import { JwksSource, type JwksSourceOptions } from '../../mesh/jwks-source.ts';
import type { MeshPolicies } from '../../mesh/mesh-policies.ts';
import { compilePolicies } from '../../policy/compile.ts';
import { listenLocally } from '../support/local-server.ts';
import { cart, config } from '../support/policies.ts';
import { keySetText, requestAuthentication, signer } from '../support/tokens.ts';

const [first, second] = [keySetText(signer('ES256', 'one')), keySetText(signer('ES256', 'two'))];

function policiesAbout(...uris: string[]): MeshPolicies {
  const rules = uris.map((jwksUri) => ({ issuer: jwksUri, jwksUri }));
  const policy = compilePolicies(
    [requestAuthentication(rules)],
    cart,
    { port: 80, protocol: 'http' },
    config,
  );
  return { cart: { 80: { mtls: 'PERMISSIVE', policy } } };
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function source(options: Partial<JwksSourceOptions>): JwksSource {
  const made = new JwksSource({ changed: () => undefined, root: () => '/nowhere', ...options });
  open.push(made);
  return made;
}

describe('keys behind a URI', () => {
  it.each([
    ['an error', () => Promise.reject(new Error('refused')), 'refused'],
    ['no key set', () => Promise.resolve('<html>'), 'the answer holds no key that can be used'],
    ['no usable key', () => Promise.resolve('{"keys":[]}'), 'the answer holds no key that can be used'],
  ])('are none after %s, and that is told', async (_, fetch, why) => {
    const keys = source({ fetch });
    await keys.follow(policiesAbout('https://a'));
    expect(keys.sets).toEqual({ 'https://a': null });
    expect(keys.problems).toMatchObject([
      { code: 'keys-unreachable', severity: 'warning', message: expect.stringContaining(why) },
    ]);
  });

  it('are read from a file and never fetched where the URI is a path', async () => {
    const root = await mkdtemp(join(tmpdir(), 'greenroom-jwks-'));
    const fetch = () => Promise.reject(new Error('fetched'));
    const keys = source({ fetch, root: () => root });
    await keys.follow(policiesAbout('./keys.json'));
    expect(keys.sets).toEqual({ './keys.json': null });
    expect(keys.problems).toMatchObject([{ message: expect.stringContaining('ENOENT') }]);
    await writeFile(join(root, 'keys.json'), first);
    await keys.follow(policiesAbout('./keys.json'));
    expect(keys.sets).toMatchObject({ './keys.json': [{ kid: 'one' }] });
    await rm(root, { recursive: true });
  });

  it('are fetched once for all who ask, and forgotten when nobody does', async () => {
    const asked: string[] = [];
    const fetch = async (uri: string) => {
      asked.push(uri);
      return first;
    };
    const keys = source({ fetch });
    await keys.follow(policiesAbout('https://a', 'https://b'));
    await keys.follow(policiesAbout('https://a'));
    expect(asked.sort()).toEqual(['https://a', 'https://b']);
    expect(Object.keys(keys.sets)).toEqual(['https://a']);
    expect(keys.problems).toEqual([]);
  });

  it('are fetched again, told when they changed, and kept when they can not be had any more', async () => {
    const answers = [first, first, second];
    let told: (() => void) | null = null;
    const changed = new Promise<void>((resolve) => {
      told = resolve;
    });
    const failed = Promise.withResolvers<void>();
    const keys = source({
      changed: () => told?.(),
      refreshMs: { good: 1, missing: 1 },
      fetch: async () => {
        const answer = answers.shift();
        if (answer !== undefined) return answer;
        failed.resolve();
        throw new Error('gone');
      },
    });
    await keys.follow(policiesAbout('https://a'));
    expect(keys.sets['https://a']).toMatchObject([{ kid: 'one' }]);
    await changed;
    await failed.promise;
    expect(keys.sets['https://a']).toMatchObject([{ kid: 'two' }]);
    expect(keys.problems).toEqual([]);
  });
});

describe('fetchText', () => {
  async function serve(status: number, body: string): Promise<string> {
    const server = createServer((_, response) => response.writeHead(status, { location: '/' }).end(body));
    open.push({ close: () => void server.close() });
    const port = await listenLocally(server);
    return `http://127.0.0.1:${port}/keys`;
  }
  const { signal } = new AbortController();

  it('gives the body of a 200', async () => {
    expect(await fetchText(await serve(200, first), signal)).toBe(first);
  });

  it.each([
    [302, ''],
    [404, 'nothing'],
    [500, first],
  ])('refuses a %i', async (status, body) => {
    await expect(fetchText(await serve(status, body), signal)).rejects.toThrow(`it answered ${status}`);
  });

  it('refuses more than a megabyte, a port where nobody listens, and what was called off', async () => {
    await expect(fetchText(await serve(200, 'x'.repeat(1_100_000)), signal)).rejects.toThrow('megabyte');
    await expect(fetchText('http://127.0.0.1:1/', signal)).rejects.toThrow('ECONNREFUSED');
    await expect(fetchText(await serve(200, ''), AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
