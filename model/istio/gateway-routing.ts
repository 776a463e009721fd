/**
 * Gateway and VirtualService (networking.istio.io) as far as they decide what a gateway lets in. What could change a
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

/** Regular expressions aren't judged. */
const stringMatch = z.union([
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string().min(1) }),
]);
/** An empty object asks for presence only. */
const headerMatch = z.union([stringMatch, z.strictObject({})]);

const routeMatchSchema = z.strictObject({
  name: z.string().optional(),
  statPrefix: z.string().optional(),
  uri: stringMatch.optional(),
  ignoreUriCase: z.boolean().default(false),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  headers: z.record(z.string(), headerMatch).default({}),
  withoutHeaders: z.record(z.string(), headerMatch).default({}),
  port: z.number().int().optional(),
  gateways: names.default([]),
  sourceLabels: z.record(z.string(), z.string()).default({}),
  sourceNamespace: z.string().default(''),
});

const corsPolicySchema = z.looseObject({
  allowOrigins: z.array(stringMatch).default([]),
  allowMethods: names.default([]),
  allowHeaders: names.default([]),
  exposeHeaders: names.default([]),
  maxAge: z.string().optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).default('UNSPECIFIED'),
});

/** A service of the mesh; which of its subsets isn't read here. */
const destinationSchema = z.looseObject({
  host: z.string(),
  port: z.looseObject({ number: z.number().int() }).optional(),
});

const httpRouteSchema = z.strictObject({
  name: z.string().optional(),
  match: z.array(routeMatchSchema).default([]),
  route: z
    .array(z.strictObject({ destination: destinationSchema, weight: z.number().int().min(0).optional() }))
    .optional(),
  redirect: z
    .looseObject({
      uri: z.string().optional(),
      authority: z.string().optional(),
      scheme: z.string().optional(),
      port: z.number().int().optional(),
      redirectCode: z.number().int().optional(),
    })
    .optional(),
  directResponse: z
    .strictObject({ status: z.number().int(), body: z.strictObject({ string: z.string() }).optional() })
    .optional(),
  corsPolicy: corsPolicySchema.optional(),
  timeout: z.unknown().optional(),
  retries: z.unknown().optional(),
  mirror: z.unknown().optional(),
  mirrors: z.unknown().optional(),
  mirrorPercentage: z.unknown().optional(),
});

export const virtualServiceSpecSchema = z.strictObject({
  hosts: names.min(1),
  gateways: names.default(['mesh']),
  http: z.array(httpRouteSchema).default([]),
  exportTo: names.default(['*']),
});

export type GatewayServer = z.infer<typeof gatewayServerSchema>;
export type VirtualServiceSpec = z.infer<typeof virtualServiceSpecSchema>;
export type VirtualRoute = z.infer<typeof httpRouteSchema>;
export type VirtualRouteMatch = z.infer<typeof routeMatchSchema>;
export type StringMatch = z.infer<typeof stringMatch>;
