import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { transportTo } from '../../../../mesh/runtimes/docker/transport.ts';
import { temporaryFolder } from '../../../support/greenroom.ts';

describe('the way to an engine', () => {
  it('is a short text with many connections open: the modem makes one for each request', async () => {
    const folder = await temporaryFolder();
    const socketPath = join(folder.path, 'engine.sock');
    const server = createServer((_request, response) => response.write('{')).listen(socketPath);
    await once(server, 'listening');
    const { agent } = transportTo({ url: `unix://${socketPath}`, from: 'default' });
    const requests = Array.from({ length: 20 }, () => get({ socketPath, path: '/', agent }));
    await Promise.all(requests.map((request) => once(request, 'response')));
    const text = inspect({ agent }, { showHidden: true, depth: null });
    for (const request of requests) request.destroy();
    server.closeAllConnections();
    await once(server.close(), 'close');
    await folder.remove();
    expect(text).toBe('{ agent: Agent }');
  });
});
