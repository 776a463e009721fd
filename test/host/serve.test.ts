/** The window's door: what gets in and, first, what doesn't. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { request, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serve, type Served } from '../../host/serve.ts';
import { createFakeHost } from '../support/fake-host.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';

async function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let body = '';
      response
        .on('data', (data: Buffer) => (body += data.toString()))
        .on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

async function connects(url: string, headers: Record<string, string>): Promise<boolean> {
  const ws = new WebSocket(url, { headers });
  return await new Promise((resolve) => {
    ws.on('open', () => {
      ws.terminate();
      resolve(true);
    });
    ws.on('error', () => resolve(false));
  });
}

describe('serve', () => {
  let folder: Folder;
  let served: Served;
  let link = '';
  let base = '';
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'index.html'), '<!doctype html><title>window</title>');
    served = await serve(createFakeHost(), 0, folder.path);
    const { pathname, search } = new URL(served.url);
    base = pathname;
    link = pathname + search;
  });
  afterEach(async () => {
    await served.close();
    await folder.remove();
  });

  async function cookie(): Promise<string> {
    const answer = await get(served.port, link);
    return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  }

  it('answers nobody without a token or with a wrong one', async () => {
    expect((await get(served.port, '/')).status).toBe(403);
    expect((await get(served.port, '/?token=guess')).status).toBe(403);
    expect((await get(served.port, `${base}?token=guess`)).status).toBe(403);
    expect((await get(served.port, base)).status).toBe(403);
    expect((await get(served.port, '/', { cookie: 'greenroom=guess' })).status).toBe(403);
  });

  it('takes the token once', async () => {
    expect((await get(served.port, link)).status).toBe(303);
    expect((await get(served.port, link)).status).toBe(403);
  });

  it('refuses a Host that is not its own address, so that a rebound name gets nothing', async () => {
    expect((await get(served.port, link, { host: 'evil.test' })).status).toBe(421);
    expect((await get(served.port, link, { host: `localhost:${served.port}` })).status).toBe(421);
  });

  it('refuses a WebSocket from another origin, without a cookie or without an origin', async () => {
    const good = await cookie();
    const origin = `http://127.0.0.1:${served.port}`;
    const ws = `ws://127.0.0.1:${served.port}${base}ws`;
    expect(await connects(ws, { cookie: good, origin: 'https://evil.test' })).toBe(false);
    expect(await connects(ws, { cookie: good })).toBe(false);
    expect(await connects(ws, { origin })).toBe(false);
    expect(await connects(`ws://127.0.0.1:${served.port}/ws`, { cookie: good, origin })).toBe(false);
    expect(await connects(ws, { cookie: good, origin })).toBe(true);
  });

  it.each(['/../package.json', '/%2e%2e/%2e%2e/package.json', '/%00', '/%', '/assets', '/index.html.map'])(
    'gives nothing for %s',
    async (path) => {
      const headers = { cookie: await cookie() };
      expect((await get(served.port, path, headers)).status).toBe(404);
      expect((await get(served.port, base + path.slice(1), headers)).status).toBe(404);
    },
  );

  it('sends a policy that lets no other origin, no inline script and no frame in', async () => {
    const answer = await get(served.port, base, { cookie: await cookie() });
    expect(answer.status).toBe(200);
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('closes although a refused client keeps its end of the connection open', async () => {
    const socket = connect({ port: served.port, host: '127.0.0.1', allowHalfOpen: true });
    const answered = new Promise((resolve) => socket.once('data', resolve));
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(String(await answered)).toMatch(/^HTTP\/1.1 403/);
    await served.close();
    socket.destroy();
  });

  it('gives its cookie a path that nobody can guess: other services on this machine are not sent it', async () => {
    const { headers } = await get(served.port, link);
    expect(headers['set-cookie']?.[0]).toContain(`; Path=${base};`);
    expect(base).toMatch(/^\/[\w-]{22}\/$/);
  });

  it('opens the link again for the browser that has the cookie', async () => {
    expect((await get(served.port, link, { cookie: await cookie() })).status).toBe(303);
  });

  it('names a port that is taken', async () => {
    await expect(serve(createFakeHost(), served.port, folder.path)).rejects.toMatchObject({
      code: 'port-taken',
    });
  });
});
