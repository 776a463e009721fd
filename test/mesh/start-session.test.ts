import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOrphans } from '../../mesh/orphans.ts';
import { processesWith } from '../../mesh/process-table.ts';
import type { Session, StartSessionOptions } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import { createClock } from '../../model/clock.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { Parsed } from '../../model/problem.ts';
import type { SessionState } from '../../model/session-state.ts';
import { fakeDataPlane } from '../support/fake-data-plane.ts';
import { eventually } from '../support/patience.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

let dataDir = '';
let session: Session | null = null;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-session-'));
});
afterEach(async () => {
  await session?.stop();
  session = null;
  rmSync(dataDir, { recursive: true, force: true });
});

const shop = (more: Partial<Mesh> = {}): Mesh => sampleMesh([{ name: 'web' }, { name: 'orders' }], more);

async function run(mesh: Mesh, more: Partial<StartSessionOptions> = {}): Promise<Session> {
  session = await startSession({ mesh, runtime: 'process', dataDir, ...more });
  return session;
}

const policy = (name: string, spec: unknown, kind = 'AuthorizationPolicy'): PolicyObject => ({
  apiVersion: 'security.istio.io/v1',
  kind,
  metadata: { name, namespace: 'shop', annotations: {}, labels: {} },
  spec,
  at: { file: 'policy.yaml', line: 1, column: 1 },
  positions: {},
});

/** A call of web's, out through its sidecar. */
function call(from: Session, path: string, host = 'orders'): Promise<{ status: number; body: string }> {
  const proxy = from.listeners().find(({ instance, key }) => instance === 'web-0' && key === 'http-proxy');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: proxy?.host,
        port: proxy?.port,
        path: `http://${host}${path}`,
        headers: { host },
        agent: false,
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      },
    );
    sent.on('error', reject).end();
  });
}

const nothingLeft = async (): Promise<void> => {
  expect(readdirSync(join(dataDir, 'sessions'))).toEqual([]);
  expect(await findOrphans(dataDir)).toEqual([]);
};

describe('a start that fails', () => {
  it('rejects with the first reason and leaves nothing', async () => {
    const mesh = sampleMesh([
      { name: 'web', quirk: { silent: true } },
      { name: 'orders', quirk: { exit: 4 } },
    ]);
    await expect(run(mesh)).rejects.toMatchObject({
      code: 'service-exited',
      message: 'orders-0 exited with code 4',
    });
    await nothingLeft();
  });

  it('can be interrupted at any time: nothing is left then', async () => {
    for (const stage of ['preparing', 'publishing', 'starting']) {
      const abort = new AbortController();
      let id = '';
      const onProgress = (state: SessionState): void => {
        id = state.id;
        if (state.progress?.startsWith(stage)) abort.abort(new Error(`stopped while ${stage}`));
      };
      await expect(run(shop(), { signal: abort.signal, onProgress })).rejects.toThrow(
        `stopped while ${stage}`,
      );
      expect(processesWith('GREENROOM_SESSION', id)).toEqual([]);
      await nothingLeft();
    }
  });

  it('does nothing at all when it was interrupted before', async () => {
    await expect(run(shop(), { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    expect(existsSync(join(dataDir, 'sessions'))).toBe(false);
  });

  it('is told when the data plane refuses the first snapshot', async () => {
    const { dataPlane } = fakeDataPlane({ refuse: () => true });
    await expect(run(shop(), { startDataPlane: async () => dataPlane })).rejects.toMatchObject({
      code: 'snapshot-refused',
    });
    await nothingLeft();
  });
});

describe('a session', () => {
  it('carries a call from one service to another and records both ends of it', async () => {
    const running = await run(shop());
    expect((await call(running, '/hello')).body).toContain('"url":"/hello"');
    await running.flush();
    const events = running.events({ limit: 10 });
    expect(events.map(({ direction, decision }) => `${direction} ${decision.verdict}`).sort()).toEqual([
      'inbound allow',
      'outbound allow',
    ]);
    const inbound = events.find(({ direction }) => direction === 'inbound');
    expect(inbound?.from.spiffeId).toBe('spiffe://cluster.local/ns/shop/sa/web');
    expect(running.explain(inbound?.id ?? 0)?.trail.length).toBeGreaterThan(0);
    expect(running.state()).toMatchObject({
      phase: 'running',
      recording: { events: 2, denied: 0, dropped: 0 },
      snapshot: { inForce: 1, acknowledged: 2 },
    });
  });

  it.runIf(process.platform === 'linux')(
    'tells what each process group has used, and what its sidecar had to do',
    async () => {
      const running = await run(shop());
      const before = await running.usage();
      expect(Object.keys(before.services).toSorted()).toEqual(['orders-0', 'web-0']);
      expect(before.services['web-0']?.memoryBytes).toBeGreaterThan(1_000_000);
      expect((await call(running, '/')).status).toBe(200);
      await running.flush();
      const { sidecars } = await running.usage();
      expect(sidecars?.cpuMicros).toBeGreaterThan(before.sidecars?.cpuMicros ?? Infinity);
      for (const instance of ['web-0', 'orders-0']) {
        expect(sidecars?.work[instance]?.messages).toBeGreaterThan(
          before.sidecars?.work[instance]?.messages ?? 0,
        );
      }
    },
  );

  it("lets a service's own fetch to a peer's URL through its sidecar once", async () => {
    const running = await run(shop());
    const address = running.applicationAddress('web-0', 8080);
    await fetch(`http://${address?.host}:${address?.port}/fetch/GREENROOM_URL_ORDERS`);
    await running.flush();
    const events = running.events({ limit: 10 });
    expect(events.map(({ direction, owner }) => `${owner} ${direction}`).sort()).toEqual([
      'orders-0 inbound',
      'web-0 outbound',
    ]);
  });

  it('keeps its data folder to its user', async () => {
    await run(shop());
    for (const folder of ['.', 'sessions', 'recordings', 'roots'])
      expect(statSync(join(dataDir, folder)).mode & 0o077, folder).toBe(0);
  });

  it('stops twice as once, and leaves no process and no file of its own', async () => {
    const running = await run(shop());
    await Promise.all([running.stop(), running.stop()]);
    expect(running.state().phase).toBe('stopped');
    expect(processesWith('GREENROOM_SESSION', running.id)).toEqual([]);
    await nothingLeft();
  });

  it('keeps the log of each instance', async () => {
    const running = await run(shop());
    const lines = (instance: string) => running.logs({ instances: [instance], limit: 10 }).lines;
    await eventually('its first line', () => lines('web-0').length > 0);
    expect(lines('web-0').map(({ text }) => text.replace(/\d+/, 'N'))).toEqual(['listening on N']);
    expect(lines('nobody')).toEqual([]);
  });

  it('takes an instance that is down out of its service, and back in', async () => {
    const { dataPlane, snapshots } = fakeDataPlane();
    const running = await run(sampleMesh([{ name: 'orders', replicas: 2 }]), {
      startDataPlane: async () => dataPlane,
    });
    const endpoints = (): number | undefined => snapshots.at(-1)?.services[0]?.ports[0]?.endpoints.length;
    expect(endpoints()).toBe(2);
    const address = running.applicationAddress('orders-0', 8080);
    await fetch(`http://${address?.host}:${address?.port}/crash`).catch(() => undefined);
    await eventually('one endpoint is left', () => endpoints() === 1);
    await eventually('both are back', () => endpoints() === 2);
    expect(running.state().workloads[0]?.instances[0]).toMatchObject({ status: 'ready', restarts: 1 });
  });

  it('says so when its data plane dies', async () => {
    const { dataPlane, crash } = fakeDataPlane();
    const running = await run(shop(), { startDataPlane: async () => dataPlane });
    crash(new Error('out of memory'));
    expect(running.state()).toMatchObject({ phase: 'failed', problems: [{ code: 'data-plane-crashed' }] });
  });

  it('goes on saying so, whatever is asked of it afterwards', async () => {
    const { dataPlane, crash } = fakeDataPlane();
    const lost = new Error('out of memory');
    let dead = false;
    const publish: typeof dataPlane.publish = (snapshot) =>
      dead ? Promise.reject(lost) : dataPlane.publish(snapshot);
    const running = await run(shop(), { startDataPlane: async () => ({ ...dataPlane, publish }) });
    dead = true;
    crash(lost);
    running.clock.move(1_000);
    await expect(running.rotate()).rejects.toThrow('out of memory');
    expect(running.state()).toMatchObject({ phase: 'failed', problems: [{ code: 'data-plane-crashed' }] });
  });

  it('says so when new certificates were refused', async () => {
    const { dataPlane } = fakeDataPlane({ refuse: ({ version }) => version === 2 });
    const running = await run(shop(), { startDataPlane: async () => dataPlane });
    await expect(running.rotate()).rejects.toMatchObject({ code: 'snapshot-refused' });
  });

  it('publishes a moved clock', async () => {
    const { dataPlane, snapshots } = fakeDataPlane();
    const running = await run(shop(), {
      startDataPlane: async () => dataPlane,
      clock: createClock(Date.now),
    });
    running.clock.move(60_000);
    await running.flush();
    expect(snapshots.at(-1)).toMatchObject({ version: 2, clockOffsetMs: 60_000 });
    expect(running.state().clockOffsetMs).toBe(60_000);
  });

  it('gives every instance a new certificate on request', async () => {
    const { dataPlane, snapshots } = fakeDataPlane();
    const running = await run(shop(), { startDataPlane: async () => dataPlane });
    await running.rotate();
    const [before, after] = snapshots.map(({ instances }) =>
      instances.map(({ credentials }) => credentials.certificateChainPem),
    );
    expect(after).toHaveLength(2);
    for (const certificate of before ?? []) expect(after).not.toContain(certificate);
  });

  it('renews its certificates when the clock passes half of their life', async () => {
    const { dataPlane, snapshots } = fakeDataPlane();
    const running = await run(shop(), { startDataPlane: async () => dataPlane });
    running.clock.move(13 * 60 * 60 * 1000);
    await eventually('two more snapshots', () => snapshots.length === 3);
    expect(snapshots[1]?.instances).toEqual(snapshots[0]?.instances);
    expect(snapshots[2]?.instances).not.toEqual(snapshots[1]?.instances);
  });
});

describe('an edit of the policies', () => {
  const denyAll = policy('deny-all', {});

  it('that cannot be read leaves the last valid ones in force, with the problem shown', async () => {
    let next: Parsed<Mesh> = {
      value: null,
      problems: [{ code: 'yaml-syntax', severity: 'error', message: 'nonsense' }],
    };
    const running = await run(shop({ policies: [denyAll] }), { reload: async () => next });
    expect(await running.reloadPolicies()).toHaveLength(1);
    expect((await call(running, '/')).status).toBe(403);
    expect(running.state()).toMatchObject({
      phase: 'running',
      problems: [{ code: 'yaml-syntax' }],
      snapshot: { published: 1, inForce: 1 },
    });
    next = { value: shop({ policies: [policy('deny-nothing', { action: 'DENY' })] }), problems: [] };
    expect(await running.reloadPolicies()).toMatchObject([{ code: 'policies-removed', severity: 'warning' }]);
    expect((await call(running, '/')).status).toBe(200);
    next = { value: shop({ policies: [policy('deny-nothing', { action: 'DENY' })] }), problems: [] };
    expect(await running.reloadPolicies()).toEqual([]);
    expect(running.state()).toMatchObject({ problems: [], snapshot: { inForce: 3 } });
  });

  it('that removes a policy is in force, and says which are not any more', async () => {
    const running = await run(shop({ policies: [denyAll, policy('other', { action: 'DENY' })] }), {
      reload: async () => ({ value: shop({ policies: [denyAll] }), problems: [] }),
    });
    await running.reloadPolicies();
    expect(running.state().problems).toEqual([
      {
        code: 'policies-removed',
        severity: 'warning',
        message: 'no longer in force, since no file holds it any more: AuthorizationPolicy shop/other',
      },
    ]);
  });

  it('that is saved while services start is taken over once they run', async () => {
    const [file, { dataPlane }] = [join(dataDir, 'policy.yaml'), fakeDataPlane()];
    writeFileSync(file, 'a: 1\n');
    const running = await run(shop({ policyFiles: [file] }), {
      startDataPlane: async () => {
        writeFileSync(file, 'a: 22\n');
        return dataPlane;
      },
      reload: async () => ({ value: shop({ policies: [denyAll], policyFiles: [file] }), problems: [] }),
    });
    await eventually('the edit', () => running.mesh.policies.length === 1);
    expect(running.state().snapshot).toMatchObject({ published: 2, inForce: 2 });
  });

  it('whose policies apply to nothing is in force, and says so until another edit', async () => {
    const nothing = { code: 'selects-nothing', severity: 'warning', message: 'nobody' } as const;
    const other = { code: 'empty-folder', severity: 'warning', message: 'of the start' } as const;
    let next: Parsed<Mesh> = { value: shop({ policies: [denyAll] }), problems: [nothing, other] };
    const running = await run(shop(), { reload: async () => next });
    await running.reloadPolicies();
    expect(running.state()).toMatchObject({ problems: [nothing], snapshot: { inForce: 2 } });
    next = { value: shop({ policies: [denyAll] }), problems: [other] };
    await running.reloadPolicies();
    expect(running.state().problems).toEqual([]);
  });

  it('that leaves a file of policies empty is refused: somebody is writing it', async () => {
    const policyFiles = [join(process.cwd(), 'policy.yaml')];
    const running = await run(shop({ policies: [denyAll], policyFiles }), {
      watch: 'nothing',
      reload: async () => ({ value: shop({ policyFiles }), problems: [] }),
    });
    expect(await running.reloadPolicies()).toMatchObject([
      { code: 'policy-file-emptied', at: { file: 'policy.yaml' } },
    ]);
    expect((await call(running, '/')).status).toBe(403);
  });

  it('that makes the reader throw is refused as well', async () => {
    const running = await run(shop(), { reload: () => Promise.reject(new Error('disk gone')) });
    expect(await running.reloadPolicies()).toMatchObject([
      { code: 'project-not-read', message: 'disk gone' },
    ]);
  });

  it('that the data plane refuses is taken back', async () => {
    const { dataPlane, snapshots } = fakeDataPlane({ refuse: ({ version }) => version === 2 });
    const running = await run(shop(), {
      startDataPlane: async () => dataPlane,
      reload: async () => ({ value: shop({ policies: [denyAll] }), problems: [] }),
    });
    expect(await running.reloadPolicies()).toMatchObject([{ code: 'refused' }]);
    expect(running.mesh.policies).toEqual([]);
    await running.rotate();
    expect(snapshots.at(-1)?.instances[0]?.inbound[0]?.policy).toEqual(
      snapshots[0]?.instances[0]?.inbound[0]?.policy,
    );
  });

  it('of the project file says that a restart is needed, and goes on saying so after the next edit', async () => {
    const root = join(dataDir, 'project');
    mkdirSync(root);
    writeFileSync(join(root, 'greenroom.yaml'), 'a');
    const running = await run(shop({ root }), {
      reload: async () => ({ value: shop({ root }), problems: [] }),
    });
    writeFileSync(join(root, 'greenroom.yaml'), 'b');
    await eventually('the notice', () => running.state().problems.length > 0);
    await running.reloadPolicies();
    expect(running.state().problems).toMatchObject([{ code: 'restart-needed', severity: 'notice' }]);
  });

  it('explains an older event by the policies of its time', async () => {
    const running = await run(shop(), {
      reload: async () => ({ value: shop({ policies: [denyAll] }), problems: [] }),
    });
    await call(running, '/before');
    await running.reloadPolicies();
    await call(running, '/after');
    await running.flush();
    const [before, after] = running.events({ limit: 10 }).filter(({ direction }) => direction === 'inbound');
    expect([before?.decision.verdict, after?.decision.verdict]).toEqual(['allow', 'deny']);
    expect(running.explain(before?.id ?? 0)?.sentence).not.toBe(running.explain(after?.id ?? 0)?.sentence);
  });
});
