/**
 * What the window may send, parsed at the edge: a call whose arguments don't fit is refused before the host sees it.
 */
import { z } from 'zod';
import type { HostApi } from '../bridge/contract.ts';
import { KILL_SIGNALS } from '../model/instance-action.ts';
import { MOST_REPLICAS } from '../model/replicas.ts';

const workloadOrInstance = z.string().min(1).max(300);
const target = z.literal('istio');

const trafficQuery = z.strictObject({
  before: z.number().int().optional(),
  after: z.number().int().optional(),
  verdict: z.enum(['allow', 'deny']).optional(),
  workload: workloadOrInstance.optional(),
  tag: z.string().max(1_000).optional(),
  text: z.string().max(1_000).optional(),
  limit: z.number().int().min(1).max(10_000),
});

const logQuery = z.strictObject({
  instances: z.array(workloadOrInstance).max(1_000).optional(),
  after: z.number().int().optional(),
  since: z.number().optional(),
  search: z.string().max(1_000).optional(),
  limit: z.number().int().min(1).max(5_000),
  waitMs: z.number().int().min(0).max(60_000).optional(),
});

const instanceAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['restart', 'start', 'pause', 'unpause']) }),
  z.strictObject({ kind: z.literal('stop'), graceMs: z.number().int().min(0).max(3_600_000).nullable() }),
  z.strictObject({ kind: z.literal('kill'), signal: z.enum(KILL_SIGNALS) }),
]);

const execId = z.string().max(100);
const terminalSize = z.strictObject({
  columns: z.number().int().min(1).max(10_000),
  rows: z.number().int().min(1).max(10_000),
});
const execRequest = z.strictObject({
  command: z.array(z.string().max(100_000)).min(1).max(1_000),
  terminal: terminalSize.nullable(),
  user: z.string().min(1).max(300).optional(),
});

/** One tuple a method; a method that isn't here doesn't exist. */
export const RPC_ARGUMENTS: Record<keyof HostApi, z.ZodType<unknown[]>> = {
  state: z.tuple([]),
  traffic: z.tuple([trafficQuery]),
  event: z.tuple([z.number().int()]),
  explain: z.tuple([z.number().int()]),
  policyFiles: z.tuple([]),
  scenarios: z.tuple([]),
  rehearse: z.tuple([z.array(z.string().max(300)).max(1_000)]),
  lastRehearsal: z.tuple([]),
  exportPreview: z.tuple([target]),
  exportWrite: z.tuple([target, z.string().min(1).max(4_000)]),
  exportZip: z.tuple([target]),
  logs: z.tuple([logQuery]),
  act: z.tuple([workloadOrInstance, instanceAction]),
  scale: z.tuple([workloadOrInstance, z.number().int().min(0).max(MOST_REPLICAS)]),
  execStart: z.tuple([workloadOrInstance, execRequest]),
  execInput: z.tuple([execId, z.base64().max(1_000_000).nullable()]),
  execResize: z.tuple([execId, terminalSize]),
  execOutput: z.tuple([execId]),
  execEnd: z.tuple([execId]),
  refusals: z.tuple([workloadOrInstance]),
  usage: z.tuple([]),
  rotate: z.tuple([]),
  sendSample: z.tuple([]),
};
