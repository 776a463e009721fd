/** The window's door: what gets in and, first, what doesn't. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { request, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { serve, type Served } from '../../host/serve.ts';
import { createFakeHost } from '../support/fake-host.ts';
import { temporaryFolder } from '../support/greenroom.ts';

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

async function connects(port: number, headers: Record<string, string>): Promise<boolean> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
  return await new Promise((resolve) => {
    ws.on('open', () => {
      ws.terminate();
      resolve(true);
    });
    ws.on('error', () => resolve(false));
  });
}

describe('serve', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let served: Served;
  let token = '';
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(join(folder.path, 'index.html'), '<!doctype html><title>window</title>');
    served = await serve(createFakeHost(), 0, folder.path);
    token = new URL(served.url).search;
  });
  afterEach(async () => {
    await served.close();
    await folder.remove();
  });

  async function cookie(): Promise<string> {
    const answer = await get(served.port, `/${token}`);
    return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  }

  it('answers nobody without a token or with a wrong one', async () => {
    expect((await get(served.port, '/')).status).toBe(403);
    expect((await get(served.port, '/?token=guess')).status).toBe(403);
    expect((await get(served.port, '/', { cookie: `greenroom-${served.port}=guess` })).status).toBe(403);
  });

  it('takes the token once', async () => {
    expect((await get(served.port, `/${token}`)).status).toBe(303);
    expect((await get(served.port, `/${token}`)).status).toBe(403);
  });

  it('refuses a Host that is not its own address, so that a rebound name gets nothing', async () => {
    expect((await get(served.port, `/${token}`, { host: 'evil.test' })).status).toBe(421);
    expect((await get(served.port, `/${token}`, { host: `localhost:${served.port}` })).status).toBe(421);
  });

  it('refuses a WebSocket from another origin, without a cookie or without an origin', async () => {
    const good = await cookie();
    const origin = `http://127.0.0.1:${served.port}`;
    expect(await connects(served.port, { cookie: good, origin: 'https://evil.test' })).toBe(false);
    expect(await connects(served.port, { cookie: good })).toBe(false);
    expect(await connects(served.port, { origin })).toBe(false);
    expect(await connects(served.port, { cookie: good, origin })).toBe(true);
  });

  it.each(['/../package.json', '/%2e%2e/%2e%2e/package.json', '/%00', '/%', '/assets', '/index.html.map'])(
    'gives nothing for %s',
    async (path) => {
      const answer = await get(served.port, path, { cookie: await cookie() });
      expect(answer.status).toBe(404);
    },
  );

  it('sends a policy that lets no other origin, no inline script and no frame in', async () => {
    const answer = await get(served.port, '/', { cookie: await cookie() });
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

  it('gives each port a cookie of its own, so that two Greenrooms do not log each other out', async () => {
    expect(await cookie()).toMatch(new RegExp(`^greenroom-${served.port}=`));
  });

  it('names a port that is taken', async () => {
    await expect(serve(createFakeHost(), served.port, folder.path)).rejects.toMatchObject({
      code: 'port-taken',
    });
  });
});
