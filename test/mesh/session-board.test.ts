import { describe, expect, it } from 'vitest';
import { compileMeshPolicies, type MeshPolicies } from '../../mesh/mesh-policies.ts';
import { SessionBoard } from '../../mesh/session-board.ts';
import type { SessionState } from '../../model/session-state.ts';
import { sampleMesh } from '../support/sample-mesh.ts';

const mesh = sampleMesh([{ name: 'web' }, { name: 'orders', replicas: 2 }]);

function board(policies: MeshPolicies | null = compileMeshPolicies(mesh)) {
  return new SessionBoard('a', {
    mesh: () => mesh,
    policies: () => policies,
    certificate: () => null,
    environmentFile: () => '',
  });
}

describe("a session's board", () => {
  it('shows a port as STRICT while its policies are not known: nothing looser is claimed', () => {
    expect(board(null).state().workloads[0]?.ports[0]?.mtls).toBe('STRICT');
    expect(board().state().workloads[0]?.ports[0]?.mtls).toBe('PERMISSIVE');
  });

  it('shows instances that nobody told of as pending, and counts restarts', () => {
    const shown = board();
    shown.instance('orders-1', 'restarting', 'exited with code 1');
    shown.instance('orders-1', 'ready', null);
    shown.instance('orders-1', 'restarting', 'exited with code 1');
    expect(shown.state().workloads[1]?.instances).toMatchObject([
      { status: 'pending', restarts: 0 },
      { status: 'restarting', restarts: 2, detail: 'exited with code 1' },
    ]);
  });

  it('tells listeners once for several changes in a row, with the last state, until they leave', async () => {
    const shown = board();
    const told: SessionState['phase'][] = [];
    const stop = shown.listen(({ phase }) => told.push(phase));
    shown.set({ phase: 'running' });
    shown.set({ phase: 'failed' });
    await Promise.resolve();
    expect(told).toEqual(['failed']);
    stop();
    shown.set({ phase: 'stopped' });
    await Promise.resolve();
    expect(told).toEqual(['failed']);
  });

  it('says what a start waits for, and nothing of it once it runs', () => {
    const shown = board();
    shown.stage('starting services');
    shown.instance('web-0', 'starting', 'waiting for port 1');
    shown.instance('orders-0', 'starting', null);
    expect(shown.state().progress).toBe('starting web-0 (waiting for port 1) and 1 more');
    shown.set({ phase: 'running' });
    shown.stage(null);
    expect(shown.state().progress).toBeNull();
  });
});
