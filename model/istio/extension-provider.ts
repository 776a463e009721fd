/**
 * `extensionProviders` of Istio's MeshConfig, as far as they authorize: who may be asked by a CUSTOM policy. Reads the
 * shape only; whether istiod could build a filter of it is policy/custom/providers.ts's, since it needs the registry.
 */
import { z } from 'zod';

const names = z.array(z.string()).optional();
const duration = z.string().regex(/^[0-9]{1,12}(\.[0-9]{1,9})?s$/, 'not a duration: write it as 0.5s');

const common = {
  service: z.string().default('').describe('`host`, or `namespace/host` of the service registry.'),
  port: z.number().int().min(0).max(4_294_967_295).default(0),
  timeout: duration.optional(),
  failOpen: z.boolean().default(false),
  statusOnError: z.string().default(''),
};

const httpAuthorizerSchema = z.looseObject({
  ...common,
  pathPrefix: z.string().default(''),
  includeRequestHeadersInCheck: names,
  /** Istio's old name; counts where the new one is empty. */
  includeHeadersInCheck: names,
  includeAdditionalHeadersInCheck: z.record(z.string(), z.string()).optional(),
  headersToUpstreamOnAllow: names,
  headersToDownstreamOnDeny: names,
  headersToDownstreamOnAllow: names,
});

export const extensionProviderSchema = z.looseObject({
  name: z.string().default(''),
  envoyExtAuthzHttp: httpAuthorizerSchema.optional(),
  envoyExtAuthzGrpc: z.looseObject(common).optional(),
});

export type HttpAuthorizerSettings = z.infer<typeof httpAuthorizerSchema>;
export type ExtensionProvider = z.infer<typeof extensionProviderSchema>;
