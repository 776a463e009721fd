/** Values that the networking kinds share, as Istio's webhook checks them. */
import { z } from 'zod';
import { MILLISECOND_NS, parseGoDuration } from './go-duration.ts';

export const names = z.array(z.string());
export const labels = z.record(z.string(), z.string());
export const portNumber = z.number().int().min(1).max(65_535);

/** A duration; at least a millisecond where `least` asks for it, as Istio's webhook has it for timeouts. */
export function duration(least: 'any' | 'millisecond' = 'any') {
  return z.string().superRefine((text, context) => {
    const nanoseconds = parseGoDuration(text);
    if (nanoseconds === null) context.addIssue('not a duration: write it as 0.5s');
    else if (nanoseconds < 0n) context.addIssue('must not be negative');
    else if (least === 'millisecond' && nanoseconds !== 0n && nanoseconds < MILLISECOND_NS)
      context.addIssue('must be at least 1ms');
  });
}

/** Milliseconds of a duration that was checked. */
export function durationMs(text: string): number {
  return Number(parseGoDuration(text) ?? 0n) / 1_000_000;
}

export const percent = z.object({ value: z.number().min(0).max(100).default(0) });

export const portSelector = z.object({ number: portNumber });

const PORT_PROTOCOLS = new Set([
  'http',
  'https',
  'grpc',
  'grpc-web',
  'http2',
  'mongo',
  'redis',
  'mysql',
  'tcp',
  'tls',
  'udp',
  'http_proxy',
]);

export const protocolName = z.string().refine((name) => PORT_PROTOCOLS.has(name.toLowerCase()), {
  message: 'not a protocol that Istio knows',
});
