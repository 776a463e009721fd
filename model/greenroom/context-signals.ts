/**
 * The spec of a ContextSignals (greenroom.dev): headers about a caller (its country, the posture of its device) that
 * a gateway sets and no client may. A rehearsal has no geography: which callers stand for which value is written here.
 */
import { z } from 'zod';
import { parseIpBlock } from '../ip-block.ts';
import { report } from '../issue.ts';
import { selectorSchema } from '../istio/attachment.ts';
import { headerNameSchema } from './values.ts';

const headerValue = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 'not the value of a header');

const signalValueSchema = z
  .strictObject({
    value: headerValue,
    /** Of the address that the gateway takes for the client's. */
    ipBlocks: z
      .array(z.string().refine((text) => parseIpBlock(text) !== null, 'not an address or block'))
      .min(1)
      .optional(),
    /** Of the client's verified certificate, as in an AuthorizationPolicy. */
    principals: z.array(z.string().min(1)).min(1).optional(),
  })
  .superRefine((value, context) => {
    if (value.ipBlocks || value.principals) return;
    report(context, {
      path: [],
      code: 'empty-value',
      message: 'a value needs ipBlocks or principals: otherwise everybody has it',
      hint: 'what everybody else gets is `default`',
    });
  });

export const signalSchema = z.strictObject({
  kind: z.enum(['country', 'device-posture']),
  header: headerNameSchema,
  /** The first that fits is set; both of its conditions must hold where both are written. */
  values: z.array(signalValueSchema).max(1_024).default([]),
  /** For everybody else; absent = no header at all. */
  default: headerValue.optional(),
});

export const contextSignalsSpecSchema = z
  .strictObject({
    /** Gateways by label. */
    selector: selectorSchema.optional(),
    signals: z.array(signalSchema).min(1).max(16),
  })
  .superRefine(({ signals }, context) => {
    for (const [index, { header }] of signals.entries()) {
      if (signals.findIndex((other) => other.header === header) === index) continue;
      report(context, {
        path: ['signals', index, 'header'],
        code: 'duplicate-value',
        message: `${header} is already set by another signal`,
      });
    }
  });

export type ContextSignalsSpec = z.infer<typeof contextSignalsSpecSchema>;
