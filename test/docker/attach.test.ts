import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDockerRuntime } from '../../mesh/runtimes/docker/docker-runtime.ts';
import type { Session } from '../../mesh/session.ts';
import { openSession } from '../../mesh/start-session.ts';
import { ask, attachedPair, endAttached, startAttached, stateOf } from '../support/attached-pair.ts';
import { BOX, buildBox, dial, dialFromAnywhere } from '../support/docker-box.ts';
import { dockerExec, inEngine } from '../support/docker-cli.ts';
import { freePort } from '../support/free-port.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';
import { containerOptions } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

describeWith('docker', 'an attached program beside a container', () => {
  let folder: Folder;
  let session: Session;
  let program: ChildProcess | null = null;
  let port = 0;
  let environment = '';
  const start = () => startAttached(environment, { HOST: '0.0.0.0' });
  const fromBox = async (path: string) => {
    const script = `fetch('http://ide${path}').then(async (r) => console.log(r.status, await r.text()), (e) => console.log(e.cause.code))`;
    return (await dockerExec(`greenroom-${session.id}-box-0-service`, 'node', '-e', script)).output;
  };

  beforeAll(async () => {
    await buildBox();
    folder = await temporaryFolder();
    port = await freePort();
    const mesh = attachedPair(port);
    const [ide, box] = mesh.workloads;
    if (!ide || !box) throw new Error('no pair');
    const run = { ...box.run, image: BOX, container: containerOptions({ command: box.run.command ?? [] }) };
    const opened = await openSession({
      mesh: { ...mesh, workloads: [ide, { ...box, run }] },
      runtime: createDockerRuntime,
      dataDir: folder.path,
      attachTimeoutMs: Number.POSITIVE_INFINITY,
    });
    session = opened.session;
    await eventually('it is waited for', () => stateOf(session, 'ide-0').status === 'starting', 60_000);
    environment = stateOf(session, 'ide-0').attached?.environmentFile ?? '';
    program = start();
    await opened.started;
  }, 120_000);

  afterAll(async () => {
    await endAttached(program);
    await session?.stop();
    await folder?.remove();
    if (session) expect(await inEngine(`dev.greenroom.session=${session.id}`)).toEqual([]);
  });

  it('can’t be reached past its sidecar', async () => {
    const way = session
      .listeners()
      .find(({ instance, direction }) => instance === 'box-0' && direction === 'outbound');
    const host = way?.host ?? '';
    expect(await dialFromAnywhere(host, port)).toMatch(/^HTTP/);
    const container = `greenroom-${session.id}-box-0-service`;
    expect(await dial(container, host, port)).toBe('ECONNREFUSED');
    expect(await dial(container, '127.0.0.1', port)).toBe('ECONNREFUSED');
    expect(session.state().containment).toBe('full');
  });

  it('calls and is called by name and port, by policy', async () => {
    expect(await fromBox('/closed')).toMatch(/^403 /);
    expect(await fromBox('/open')).toBe('200 this is ide');
    expect(await ask(session, 'ide-0', '/call/closed')).toMatch(/^403 /);
    expect(await ask(session, 'ide-0', '/call/open')).toBe('200 this is box');
    expect(await ask(session, 'ide-0', '/proxied/open')).toBe('200 this is box');
  });

  it('is no endpoint while it is gone, and one again when it is back', async () => {
    await endAttached(program);
    await eventually('it is gone', () => stateOf(session, 'ide-0').status === 'stopped');
    await session.flush();
    expect(await fromBox('/open')).toMatch(/^503 /);
    program = start();
    await eventually('it is back', () => stateOf(session, 'ide-0').status === 'ready');
    await session.flush();
    expect(await fromBox('/open')).toBe('200 this is ide');
  });
});
