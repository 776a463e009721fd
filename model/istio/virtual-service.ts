/** VirtualService (networking.istio.io) as a sidecar's client side reads it. */
import { z } from 'zod';
import { tcpRouteSchema, tlsRouteSchema } from './virtual-service-bytes.ts';
import { headersSchema, destinationSchema } from './virtual-service-destination.ts';
import { corsPolicySchema, faultSchema, retriesSchema } from './virtual-service-resilience.ts';
import { checkHttpRoute, checkVirtualService } from './virtual-service-checks.ts';
import { duration, labels, names, percent, portNumber } from './routing-values.ts';
import { stringMatchSchema } from './string-match.ts';

const matches = z.record(z.string(), stringMatchSchema);

export const httpMatchSchema = z.object({
  name: z.string().default(''),
  uri: stringMatchSchema.optional(),
  ignoreUriCase: z.boolean().default(false),
  scheme: stringMatchSchema.optional(),
  method: stringMatchSchema.optional(),
  authority: stringMatchSchema.optional(),
  headers: matches.default({}),
  withoutHeaders: matches.default({}),
  queryParams: matches.default({}),
  port: z.number().int().min(0).max(65_535).default(0),
  sourceLabels: labels.default({}),
  sourceNamespace: z.string().default(''),
  gateways: names.default([]),
  statPrefix: z.string().optional(),
});

export const httpRedirectSchema = z.object({
  uri: z.string().optional(),
  authority: z.string().optional(),
  scheme: z.string().optional(),
  port: portNumber.optional(),
  derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
  redirectCode: z.number().int().optional(),
  /** Not of the API: what HTTPRoute's ReplacePrefixMatch becomes. */
  prefixRewrite: z.string().optional(),
});

const directResponseSchema = z.object({
  status: z.number().int(),
  body: z.object({ string: z.string().optional(), bytes: z.string().optional() }).optional(),
});

export const rewriteSchema = z.object({
  uri: z.string().optional(),
  authority: z.string().optional(),
  uriRegexRewrite: z.object({ match: z.string(), rewrite: z.string().default('') }).optional(),
});

export const routeDestinationSchema = z.object({
  destination: destinationSchema,
  weight: z.number().int().min(0, 'must not be negative').default(0),
  headers: headersSchema.optional(),
});

export const httpRouteSchema = z
  .object({
    name: z.string().default(''),
    match: z.array(httpMatchSchema).default([]),
    route: z.array(routeDestinationSchema).default([]),
    redirect: httpRedirectSchema.optional(),
    directResponse: directResponseSchema.optional(),
    delegate: z.object({ name: z.string().default(''), namespace: z.string().default('') }).optional(),
    rewrite: rewriteSchema.optional(),
    timeout: duration('millisecond').optional(),
    retries: retriesSchema.optional(),
    fault: faultSchema.optional(),
    mirror: destinationSchema.optional(),
    mirrors: z
      .array(z.object({ destination: destinationSchema, percentage: percent.optional() }))
      .default([]),
    mirrorPercent: z.number().min(0).max(100).optional(),
    mirrorPercentage: percent.optional(),
    corsPolicy: corsPolicySchema.optional(),
    headers: headersSchema.optional(),
  })
  .superRefine(checkHttpRoute);

export const virtualServiceSchema = z
  .object({
    hosts: names.default([]),
    gateways: names.default([]),
    http: z.array(httpRouteSchema).default([]),
    tls: z.array(tlsRouteSchema).default([]),
    tcp: z.array(tcpRouteSchema).default([]),
    exportTo: names.default([]),
  })
  .superRefine(checkVirtualService);

export type VirtualServiceObjectSpec = z.infer<typeof virtualServiceSchema>;
export type HttpRouteSpec = z.infer<typeof httpRouteSchema>;
export type HttpMatchSpec = z.infer<typeof httpMatchSchema>;
export type HttpRedirectSpec = z.infer<typeof httpRedirectSchema>;
export type RewriteSpec = z.infer<typeof rewriteSchema>;
export type RouteDestinationSpec = z.infer<typeof routeDestinationSchema>;
