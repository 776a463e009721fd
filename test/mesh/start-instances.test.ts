import { describe, expect, it } from 'vitest';
import { startInstances, type InstanceToStart } from '../../mesh/start-instances.ts';
import { startOrder } from '../../mesh/start-order.ts';
import type { Runtime } from '../../mesh/runtimes/runtime.ts';
import { containerOptions, testMesh } from '../support/docker-mesh.ts';

const egress = { httpProxy: null, peers: [] };
const never = new AbortController().signal;

/** Notes begins and ends; `failing` rejects at once. */
function notedRuntime(failing: string | null = null): { runtime: Runtime; notes: string[] } {
  const notes: string[] = [];
  const runtime: Runtime = {
    kind: 'docker',
    containment: 'none',
    prepare: async () => [],
    async start(instance) {
      notes.push(`${instance} begins`);
      if (instance === failing) throw new Error(`${instance} fails`);
      await new Promise((resolve) => setImmediate(resolve));
      notes.push(`${instance} is ready`);
    },
    remove: async () => undefined,
    stopInstance: async () => undefined,
    restart: async () => undefined,
    updates: null,
    exec: async () => {
      throw new Error('nothing runs here');
    },
    pause: async () => undefined,
    unpause: async () => undefined,
    kill: async () => undefined,
    refusals: async () => null,
    usage: async () => ({}),
    close: async () => undefined,
  };
  return { runtime, notes };
}

const instance = (id: string, ...after: string[]): InstanceToStart => ({ id, egress, after });

describe('starting instances', () => {
  it('starts nobody whose predecessor failed, and tells that failure', async () => {
    const { runtime, notes } = notedRuntime('db');
    const starting = startInstances(runtime, [instance('web', 'db'), instance('db')], never);
    await expect(starting).rejects.toThrow('db fails');
    expect(notes).toEqual(['db begins']);
  });

  it('waits for those that must be ready, however they are sorted, and starts the others at once', async () => {
    const { runtime, notes } = notedRuntime();
    await startInstances(
      runtime,
      [instance('web', 'api'), instance('api', 'db'), instance('db'), instance('log')],
      never,
    );
    expect(notes.slice(0, 2)).toEqual(['db begins', 'log begins']);
    const at = (note: string): number => notes.indexOf(note);
    expect(at('api begins')).toBeGreaterThan(at('db is ready'));
    expect(at('web begins')).toBeGreaterThan(at('api is ready'));
    expect(notes).toHaveLength(8);
  });

  it('waits for nobody who isn’t there', async () => {
    const { runtime, notes } = notedRuntime();
    await startInstances(runtime, [instance('web', 'gone-0')], never);
    expect(notes).toEqual(['web begins', 'web is ready']);
  });
});

describe('the order of a start', () => {
  it('is every instance after all instances of what its service depends on, in its own namespace', () => {
    const mesh = testMesh([
      {
        name: 'web',
        image: 'x',
        container: containerOptions({ dependsOn: [{ service: 'db', condition: 'ready' }] }),
      },
      { name: 'db', image: 'x' },
      { name: 'db', namespace: 'other', image: 'x' },
    ]);
    expect(startOrder(mesh)).toEqual(
      new Map([
        ['web-0', ['shop/db-0']],
        ['shop/db-0', []],
        ['other/db-0', []],
      ]),
    );
  });
});
