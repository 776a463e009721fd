/** Whose memory it is when a mesh runs in containers. Proportional: what processes share is counted once. */
import { readFileSync } from 'node:fs';
import { dockerCli } from '../../test/support/docker-cli.ts';

export interface MemoryKb {
  /** The process with the control plane and all sidecars. */
  greenroom: number;
  /** One container a pod that holds its network namespace, with the engine's shim for it. */
  holders: number;
  /** The services' containers, with the engine's shims for them. */
  services: number;
}

/** Of a session that runs; `pid` is its process. */
export async function memoryOf(session: string, pid: number): Promise<MemoryKb> {
  const [holders, services] = await Promise.all([pidsOf(session, 'holder'), pidsOf(session, 'service')]);
  return {
    greenroom: proportionalKb(pid),
    holders: withShims(holders),
    services: withShims(services),
  };
}

async function pidsOf(session: string, role: string): Promise<number[]> {
  const filters = [`label=dev.greenroom.session=${session}`, `label=dev.greenroom.role=${role}`];
  const ids = await dockerCli('ps', '--quiet', ...filters.flatMap((filter) => ['--filter', filter]));
  const pids = await dockerCli('inspect', '--format', '{{.State.Pid}}', ...ids.split('\n'));
  return pids.split('\n').map(Number);
}

/** A container's first process is a child of its shim. */
function withShims(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + proportionalKb(pid) + proportionalKb(parentOf(pid)), 0);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function proportionalKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? Number.NaN);
}
