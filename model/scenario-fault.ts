/** Faults that a scenario wants injected while its steps run: on the calls of one workload to another. */
import { z } from 'zod';
import { durationSchema } from './scenario-duration.ts';

const edge = {
  from: z.string().describe('Workload or gateway that calls; its sidecar, or itself, injects the fault.'),
  to: z.string().describe('Workload that is called.'),
  port: z.number().int().min(1).max(65535).optional().describe('Service port; default: each of them.'),
};

export const scenarioFaultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...edge,
    kind: z.literal('delay'),
    duration: durationSchema.describe('Waited for before a request or a TCP connection goes on.'),
  }),
  z.strictObject({
    ...edge,
    kind: z.literal('abort'),
    status: z
      .number()
      .int()
      .min(200)
      .max(599)
      .describe("Answered in the service's place; a TCP connection is closed."),
  }),
  z.strictObject({ ...edge, kind: z.literal('reset').describe('The connection is cut.') }),
  z.strictObject({
    ...edge,
    kind: z.literal('black-hole').describe('Nobody answers, not even the connection.'),
  }),
  z.strictObject({
    ...edge,
    kind: z.literal('slow-bytes'),
    bytesPerSecond: z.number().int().min(1).max(1_000_000).describe("Of the answer's body, or of TCP."),
  }),
]);

export type ScenarioFault = z.infer<typeof scenarioFaultSchema>;
