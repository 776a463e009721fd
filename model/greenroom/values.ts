/** Values that Greenroom's own kinds share: lengths of time, names of header fields, what a rule is about. */
import { z } from 'zod';
import { MILLISECOND_NS, parseGoDuration } from '../istio/go-duration.ts';
import { pathTemplateError } from '../istio/path-template.ts';

/** Milliseconds of a length of time; null when the text is none of at least one. */
export function durationMs(text: string): number | null {
  const nanoseconds = parseGoDuration(text);
  return nanoseconds === null || nanoseconds < MILLISECOND_NS ? null : Number(nanoseconds / MILLISECOND_NS);
}

export const durationSchema = z
  .string()
  .refine((text) => durationMs(text) !== null, 'not a length of time of at least 1ms, such as 30s or 1m');

/** Lower-case, since names are compared so; never one that frames the message or names its host. */
export const headerNameSchema = z
  .string()
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'not the name of a header in lower case')
  .refine((name) => !FRAMING.has(name), 'this header belongs to HTTP itself');

const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** As in an AuthorizationPolicy's operation; what isn't written is everything. */
export const requestMatchSchema = z.strictObject({
  hosts: z.array(z.string()).min(1).optional(),
  methods: z.array(z.string()).min(1).optional(),
  paths: z
    .array(
      z.string().refine((path) => pathTemplateError(path) === null, 'not a path template that Istio takes'),
    )
    .min(1)
    .optional(),
});

export type RequestMatch = z.infer<typeof requestMatchSchema>;
