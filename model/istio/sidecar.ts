/** Sidecar (networking.istio.io) as far as its egress decides what a client sees. */
import { z } from 'zod';
import { labels, names, protocolName } from './routing-values.ts';

const HOST = /^(~?[^/]*|\*|\.|~)\/(\*|.+)$/;

export const sidecarSchema = z.object({
  workloadSelector: z.object({ labels: labels.default({}) }).optional(),
  egress: z
    .array(
      z.object({
        port: z
          .object({
            number: z.number().int().min(0).max(65_535).default(0),
            protocol: protocolName.optional(),
            name: z.string().optional(),
          })
          .optional(),
        bind: z.string().default(''),
        captureMode: z.enum(['DEFAULT', 'IPTABLES', 'NONE']).optional(),
        hosts: names
          .min(1, 'an egress listener needs hosts')
          .refine((hosts) => hosts.every((host) => HOST.test(host)), {
            message: 'hosts are written namespace/name',
          }),
      }),
    )
    .default([]),
  ingress: z.array(z.unknown()).default([]),
  outboundTrafficPolicy: z
    .object({
      mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS']).default('REGISTRY_ONLY'),
      egressProxy: z.unknown().optional(),
    })
    .optional(),
  inboundConnectionPool: z.unknown().optional(),
});

export type SidecarSpec = z.infer<typeof sidecarSchema>;
