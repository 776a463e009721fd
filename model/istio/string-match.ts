/** Istio's StringMatch: at most one of its fields; none asks for presence. */
import { z } from 'zod';

export const stringMatchSchema = z.object({
  exact: z.string().optional(),
  prefix: z.string().min(1, 'must not be empty').optional(),
  regex: z.string().min(1, 'must not be empty').optional(),
});

export type StringMatchSpec = z.infer<typeof stringMatchSchema>;
