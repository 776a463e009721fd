/** HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and ReferenceGrant (Gateway API), with the defaults that the API server fills in. */
import { z } from 'zod';
import { duration, portNumber } from './routing-values.ts';

const parentRefSchema = z.strictObject({
  group: z.string().default('gateway.networking.k8s.io'),
  kind: z.string().default('Gateway'),
  namespace: z.string().optional(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: portNumber.optional(),
});

const backendSchema = z.strictObject({
  group: z.string().default(''),
  kind: z.string().default('Service'),
  namespace: z.string().optional(),
  name: z.string(),
  port: portNumber.optional(),
  weight: z.number().int().min(0).default(1),
});

const modifierSchema = z.strictObject({
  set: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
  add: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
  remove: z.array(z.string()).default([]),
});

const pathModifierSchema = z.strictObject({
  type: z.enum(['ReplaceFullPath', 'ReplacePrefixMatch']),
  replaceFullPath: z.string().optional(),
  replacePrefixMatch: z.string().optional(),
});

const filterSchema = z.strictObject({
  type: z.string(),
  requestHeaderModifier: modifierSchema.optional(),
  responseHeaderModifier: modifierSchema.optional(),
  requestMirror: z
    .object({
      backendRef: backendSchema,
      percent: z.number().int().min(0).max(100).optional(),
      fraction: z.strictObject({ numerator: z.number(), denominator: z.number().default(100) }).optional(),
    })
    .optional(),
  requestRedirect: z
    .object({
      scheme: z.string().optional(),
      hostname: z.string().optional(),
      path: pathModifierSchema.optional(),
      port: portNumber.optional(),
      statusCode: z.number().int().default(302),
    })
    .optional(),
  urlRewrite: z
    .strictObject({ hostname: z.string().optional(), path: pathModifierSchema.optional() })
    .optional(),
  cors: z.unknown().optional(),
});

const namedMatchSchema = z.strictObject({
  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
  name: z.string(),
  value: z.string().default(''),
});

const backendRefs = z.array(backendSchema.extend({ filters: z.array(filterSchema).default([]) })).default([]);

export const httpRouteObjectSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).default([]),
  hostnames: z.array(z.string()).default([]),
  rules: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        matches: z
          .array(
            z.strictObject({
              path: z
                .object({
                  type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
                  value: z.string().default('/'),
                })
                .prefault({}),
              headers: z.array(namedMatchSchema).default([]),
              queryParams: z.array(namedMatchSchema).default([]),
              method: z.string().optional(),
            }),
          )
          .prefault([{}]),
        filters: z.array(filterSchema).default([]),
        backendRefs,
        timeouts: z
          .strictObject({ request: duration().optional(), backendRequest: duration().optional() })
          .optional(),
        retry: z
          .object({
            codes: z.array(z.number().int()).default([]),
            attempts: z.number().int().optional(),
            backoff: duration().optional(),
          })
          .optional(),
        sessionPersistence: z.unknown().optional(),
      }),
    )
    .prefault([{}]),
});

export const grpcRouteObjectSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).default([]),
  hostnames: z.array(z.string()).default([]),
  rules: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        matches: z
          .array(
            z.strictObject({
              method: z
                .object({
                  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
                  service: z.string().optional(),
                  method: z.string().optional(),
                })
                .optional(),
              headers: z.array(namedMatchSchema).default([]),
            }),
          )
          .default([]),
        filters: z.array(filterSchema).default([]),
        backendRefs,
        sessionPersistence: z.unknown().optional(),
      }),
    )
    .default([]),
});

const bytesRuleSchema = z.strictObject({
  name: z.string().optional(),
  backendRefs: z.array(backendSchema).min(1, 'a rule needs backendRefs'),
});

export const tcpRouteObjectSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).default([]),
  rules: z.array(bytesRuleSchema).min(1, 'a TCPRoute needs rules'),
});

export const tlsRouteObjectSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).default([]),
  hostnames: z.array(z.string()).default([]),
  rules: z.array(bytesRuleSchema).min(1, 'a TLSRoute needs rules'),
});

export const referenceGrantSchema = z.strictObject({
  from: z.array(z.strictObject({ group: z.string(), kind: z.string(), namespace: z.string() })).default([]),
  to: z
    .array(z.strictObject({ group: z.string().default(''), kind: z.string(), name: z.string().optional() }))
    .default([]),
});

export type HttpRouteObjectSpec = z.infer<typeof httpRouteObjectSchema>;
export type GrpcRouteObjectSpec = z.infer<typeof grpcRouteObjectSchema>;
export type TcpRouteObjectSpec = z.infer<typeof tcpRouteObjectSchema>;
export type TlsRouteObjectSpec = z.infer<typeof tlsRouteObjectSchema>;
export type GatewayApiFilter = z.infer<typeof filterSchema>;
export type BackendRefSpec = z.infer<typeof backendSchema>;
export type ParentRefSpec = z.infer<typeof parentRefSchema>;
export type NamedMatchSpec = z.infer<typeof namedMatchSchema>;
