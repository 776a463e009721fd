/** What every Kubernetes object has: apiVersion, kind, metadata. Fields that the API server doesn't know are refused. */
import { z } from 'zod';

const text = z.record(z.string(), z.string());
const whatever = z.unknown().optional();

/** What tells objects of one file apart; enough to decide who reads the rest. */
export const objectHeadSchema = z.looseObject({ apiVersion: z.string().min(1), kind: z.string().min(1) });

export const objectSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.strictObject({
    name: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'lower-case letters, digits, hyphens and dots'),
    namespace: z
      .string()
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
      .optional(),
    annotations: text.optional(),
    labels: text.optional(),
    creationTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: whatever,
    deletionTimestamp: whatever,
    finalizers: whatever,
    generateName: whatever,
    generation: whatever,
    managedFields: whatever,
    ownerReferences: whatever,
    resourceVersion: whatever,
    selfLink: whatever,
    uid: whatever,
  }),
  spec: whatever,
  status: whatever,
});
