import { cp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { openBrowser } from '../e2e/window-page.ts';
import { buildDebianImages } from '../support/debian-images.ts';
import { dockerCli, dockerExec, inEngine } from '../support/docker-cli.ts';
import { DRIVERS } from '../support/docker-drivers.ts';
import { type Folder, greenroom, temporaryFolder, type Ran } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { eventually } from '../support/patience.ts';
import { describeWith, firstMissing } from '../support/requires.ts';

const PROJECT = fileURLToPath(new URL('./orders/', import.meta.url));
const PATIENCE_MS = 300_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe.each(DRIVERS)('under the $driver driver', ({ driver }) => {
  describeWith(
    firstMissing('docker', 'compose', 'postgresql', 'redis', 'nginx'),
    'a Compose project of PostgreSQL, Redis, nginx, an API, a worker and a migration',
    () => {
      let folder: Folder;
      let env: Record<string, string>;
      let init: Ran;
      let up: RunningUp;

      const shop = async (path: string, method = 'GET') =>
        (await fetch(`http://127.0.0.1:${env['WEB_PORT']}${path}`, { method })).json() as Promise<
          Record<string, unknown>
        >;
      const container = (instance: string) => `greenroom-${up.session}-${instance}-service`;
      const inbound = (matches: (event: TrafficEvent) => boolean) =>
        eventually('such an event', () =>
          up.events.find((event) => event.direction === 'inbound' && matches(event)),
        );

      beforeAll(async () => {
        await buildDebianImages('postgres', 'redis', 'nginx', 'node');
        folder = await temporaryFolder();
        await cp(PROJECT, folder.path, { recursive: true });
        env = {
          WEB_PORT: String(await freePort()),
          SHOP_PGPASS: 'db:5432:shop:shop:correct-horse',
          GREENROOM_DRIVER: driver,
        };
        init = await greenroom(['init'], { cwd: folder.path, env });
        up = await greenroomUp(folder.path, env);
      }, PATIENCE_MS);

      afterAll(async () => {
        await up?.interrupt();
        await folder?.remove();
      }, PATIENCE_MS);

      it('comes up with what init wrote, unedited, and init said what it guessed', () => {
        expect(init.code).toBe(0);
        expect(init.stdout.split('\n').slice(1, 8)).toEqual([
          '  api: account api; http 8000 (the health check)',
          '  cache: account cache; redis 6379 (what api is told)',
          '  db: account db; tcp-postgres 5432 (what api is told)',
          '  migrate: account migrate; no port',
          '  web: account web; http 80 (the health check)',
          '  worker: account worker; no port',
          `  istio-ingressgateway: a gateway, selected by a Gateway; port 80 at 127.0.0.1:${env['WEB_PORT']}, in place of web`,
        ]);
        expect(up.said()).toContain('6 services and 1 gateway up (docker)');
      });

      it('lets web call neither the database nor the cache, and says who tried', async () => {
        for (const [host, port, asked] of [
          ['db', 5432, 'db'],
          ['postgres', 5432, 'db'],
          ['cache', 6379, 'cache'],
        ] as const) {
          const seen = up.events.length;
          // A positive control is the API, which is answered there.
          const { output } = await dockerExec(
            container('web-0'),
            'busybox',
            'sh',
            '-c',
            `echo PING | busybox nc -w 5 ${host} ${port}`,
          );
          expect(output).toBe('');
          const denied = await eventually('a denial', () =>
            up.events
              .slice(seen)
              .find(
                ({ direction, to, decision }) =>
                  direction === 'inbound' && to.workload === asked && decision.verdict === 'deny',
              ),
          );
          expect(denied).toMatchObject({
            kind: 'tcp',
            from: { spiffeId: 'spiffe://cluster.local/ns/orders/sa/web' },
          });
        }
      });

      it('lets nobody past the gateway: who knocks at a sidecar without a certificate is refused', async () => {
        for (const workload of ['api', 'web']) {
          const line = new RegExp(`^  ${workload} .*\\n.*\\n.*its sidecar, for anyone (\\S+)`, 'm');
          const sidecar = line.exec(up.said())?.[1];
          expect(sidecar).toMatch(/^http:/);
          await expect(fetch(`${sidecar}/orders`)).rejects.toThrow('fetch failed');
        }
      });

      it('answers at the published port, which is the gateway’s now', async () => {
        expect(await shop('/orders')).toEqual({
          orders: expect.arrayContaining(['teapot', 'kettle']) as string[],
        });
        const event = await inbound(
          ({ to, request }) => to.workload === 'web' && request?.path === '/orders',
        );
        expect(event).toMatchObject({
          tls: { mutual: true },
          from: {
            spiffeId: 'spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
          },
          decision: { verdict: 'allow' },
        });
      });

      describeWith('browser', 'a browser', () => {
        it('reaches the project through its gateway', async () => {
          const seen = up.events.length;
          const browser = await openBrowser();
          try {
            const page = await browser.newPage();
            const answer = await page.goto(`http://127.0.0.1:${env['WEB_PORT']}/orders`);
            expect(answer?.status()).toBe(200);
            expect(await page.textContent('body')).toContain('teapot');
          } finally {
            await browser.close();
          }
          const event = await eventually('its event', () =>
            up.events
              .slice(seen)
              .find(
                ({ direction, to, request }) =>
                  direction === 'inbound' && to.workload === 'web' && request?.path === '/orders',
              ),
          );
          expect(event).toMatchObject({
            tls: { mutual: true },
            from: { workload: 'istio-ingressgateway' },
            decision: { verdict: 'allow' },
          });
        });
      });

      it('carries SQL and Redis over mutual TLS, each call with its identity', async () => {
        await shop('/orders');
        await shop('/hits');
        for (const [workload, caller] of [
          ['db', 'api'],
          ['cache', 'api'],
          ['cache', 'worker'],
          // While the mesh started: it has long ended.
          ['db', 'migrate'],
        ] as const) {
          const event = await inbound(
            ({ kind, from, to }) => kind === 'tcp' && to.workload === workload && from.workload === caller,
          );
          expect(event).toMatchObject({
            tls: { mutual: true, version: 'TLSv1.3' },
            from: { spiffeId: `spiffe://cluster.local/ns/orders/sa/${caller}` },
            decision: { verdict: 'allow' },
          });
        }
      });

      it('does its work: what is ordered goes over Redis and the worker into PostgreSQL', async () => {
        expect(await shop('/orders', 'POST')).toEqual({ queued: 'lamp' });
        await eventually('the lamp is stored', async () =>
          JSON.stringify(await shop('/orders')).includes('lamp'),
        );
        await inbound(({ from, to }) => to.workload === 'db' && from.workload === 'worker');
      });

      it('has both replicas answer', async () => {
        for (const replica of ['api-0', 'api-1']) {
          await eventually(`${replica} answers`, async () => {
            await shop('/hits');
            return up.events.some(({ direction, owner }) => direction === 'inbound' && owner === replica);
          });
        }
        expect(await shop('/hits')).toMatchObject({ release: '2024.1' });
      });

      it('runs the migration to its end before its dependents, and no service of another profile', async () => {
        const names = await dockerCli(
          'ps',
          '--all',
          '--filter',
          `label=dev.greenroom.session=${up.session}`,
          '--format',
          '{{.Names}} {{.Status}}',
        );
        expect(names).toMatch(new RegExp(`${container('migrate-0')} Exited \\(0\\)`));
        expect(names).not.toContain('console');
      });

      it('keeps secrets out of what the engine tells', async () => {
        for (const instance of ['db-0', 'migrate-0', 'api-0'])
          expect(await dockerCli('inspect', container(instance))).not.toContain('correct-horse');
      });

      it(
        'leaves nothing: containers, networks, volumes',
        async () => {
          const label = `dev.greenroom.session=${up.session}`;
          expect((await inEngine(label)).filter((name) => name.endsWith('-volume'))).toEqual([
            `greenroom-${up.session}-data-volume`,
          ]);
          expect(await up.interrupt()).toBe(130);
          expect(await inEngine(label)).toEqual([]);
        },
        PATIENCE_MS,
      );
    },
  );
});
