/** Where a VirtualService's route goes, and what it does to headers. */
import { z } from 'zod';
import { portSelector } from './routing-values.ts';

export const destinationSchema = z.object({
  host: z.string().min(1, 'a destination needs a host'),
  subset: z.string().default(''),
  port: portSelector.optional(),
});

const operationsSchema = z.object({
  set: z.record(z.string(), z.string()).default({}),
  add: z.record(z.string(), z.string()).default({}),
  remove: z.array(z.string()).default([]),
});

export const headersSchema = z.object({
  request: operationsSchema.optional(),
  response: operationsSchema.optional(),
});

export type HeadersSpec = z.infer<typeof headersSchema>;
export type HeaderOperationsSpec = z.infer<typeof operationsSchema>;
