/**
 * Gateway (networking.istio.io) as far as it decides what a gateway lets in. What could change a
 * verdict and isn't read here makes the parse fail: whoever judges then denies.
 */
import { z } from 'zod';

const names = z.array(z.string());

export const gatewayServerSchema = z.strictObject({
  name: z.string().optional(),
  port: z.looseObject({ number: z.number().int(), name: z.string().default(''), protocol: z.string() }),
  hosts: names.min(1),
  tls: z
    .looseObject({
      mode: z
        .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'])
        // The protobuf's zero value.
        .default('PASSTHROUGH'),
      httpsRedirect: z.boolean().default(false),
      subjectAltNames: names.default([]),
      credentialName: z.string().optional(),
      insecureSkipVerify: z.literal(false).optional(),
    })
    .optional(),
});

export const gatewaySpecSchema = z.strictObject({
  selector: z.record(z.string(), z.string()).default({}),
  servers: z.array(gatewayServerSchema),
});

export type GatewayServer = z.infer<typeof gatewayServerSchema>;
