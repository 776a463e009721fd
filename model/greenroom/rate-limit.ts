/**
 * The spec of a RateLimit (greenroom.dev): how many requests a caller may make. Istio has no short form for it; what
 * it means is a token bucket: `requests` a `window` flow in, `burst` is what it holds.
 */
import { z } from 'zod';
import { selectorSchema } from '../istio/attachment.ts';
import { durationSchema, headerNameSchema, requestMatchSchema } from './values.ts';

/** Whose requests are counted together. Who lacks it shares one bucket with all others that do. */
export const rateKeySchema = z.discriminatedUnion('by', [
  /** The peer's verified certificate. */
  z.strictObject({ by: z.literal('identity') }),
  /** Issuer and subject of the verified token. */
  z.strictObject({ by: z.literal('requestPrincipal') }),
  /** `remote.ip`, as policies see it: at a sidecar a caller can choose it. */
  z.strictObject({ by: z.literal('ip') }),
  /** A header's value, which a caller can choose unless a gateway sets it. */
  z.strictObject({ by: z.literal('header'), name: headerNameSchema }),
  /** All callers together. */
  z.strictObject({ by: z.literal('everybody') }),
]);

export const rateRuleSchema = z.strictObject({
  match: requestMatchSchema.optional(),
  key: rateKeySchema,
  requests: z.int().min(1).max(1_000_000_000),
  window: durationSchema,
  /** How many may come at once; default: `requests`. */
  burst: z.int().min(1).max(1_000_000_000).optional(),
});

export const rateLimitSpecSchema = z.strictObject({
  selector: selectorSchema.optional(),
  /** A request must fit every rule that it matches. */
  rules: z.array(rateRuleSchema).min(1).max(64),
});

export type RateKey = z.infer<typeof rateKeySchema>;
export type RateLimitSpec = z.infer<typeof rateLimitSpecSchema>;
