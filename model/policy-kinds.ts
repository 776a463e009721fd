/**
 * Which Kubernetes kinds Greenroom enforces, which it can't, and which can't change a verdict.
 * What could change a verdict and isn't enforced is an error, never a silence.
 */
import type { z } from 'zod';
import { contextSignalsSpecSchema } from './greenroom/context-signals.ts';
import { rateLimitSpecSchema } from './greenroom/rate-limit.ts';
import { requestValidationSpecSchema } from './greenroom/request-validation.ts';
import { authorizationPolicySpecSchema } from './istio/authorization-policy.ts';
import { destinationRuleSchema } from './istio/destination-rule.ts';
import { gatewaySchema } from './istio/gateway.ts';
import { gatewayApiGatewaySchema } from './istio/gateway-api-gateway.ts';
import {
  grpcRouteObjectSchema,
  httpRouteObjectSchema,
  referenceGrantSchema,
  tcpRouteObjectSchema,
  tlsRouteObjectSchema,
} from './istio/gateway-api-routes.ts';
import { peerAuthenticationSpecSchema } from './istio/peer-authentication.ts';
import { requestAuthenticationSpecSchema } from './istio/request-authentication.ts';
import { serviceEntrySchema } from './istio/service-entry.ts';
import { sidecarSchema } from './istio/sidecar.ts';
import { virtualServiceSchema } from './istio/virtual-service.ts';

export type KindSupport =
  | { support: 'enforced'; versions: readonly string[]; schema: z.ZodType }
  /** Can change a verdict, and nothing here reads it. */
  | { support: 'never' }
  /** Can't change a verdict of a sidecar. */
  | { support: 'harmless' };

const SECURITY = 'security.istio.io';
const NETWORKING = 'networking.istio.io';
const GATEWAY = 'gateway.networking.k8s.io';
const OURS = 'greenroom.dev';
const ISTIO_VERSIONS = ['v1', 'v1beta1'];
const ROUTING_VERSIONS = ['v1', 'v1beta1', 'v1alpha3'];

const enforced = (versions: readonly string[], schema: z.ZodType): KindSupport => ({
  support: 'enforced',
  versions,
  schema,
});

const KINDS: Readonly<Record<string, KindSupport>> = {
  [`${SECURITY}/AuthorizationPolicy`]: {
    support: 'enforced',
    versions: ISTIO_VERSIONS,
    schema: authorizationPolicySpecSchema,
  },
  [`${SECURITY}/PeerAuthentication`]: {
    support: 'enforced',
    versions: ISTIO_VERSIONS,
    schema: peerAuthenticationSpecSchema,
  },
  [`${SECURITY}/RequestAuthentication`]: {
    support: 'enforced',
    versions: ISTIO_VERSIONS,
    schema: requestAuthenticationSpecSchema,
  },
  [`${NETWORKING}/VirtualService`]: enforced(ROUTING_VERSIONS, virtualServiceSchema),
  [`${NETWORKING}/DestinationRule`]: enforced(ROUTING_VERSIONS, destinationRuleSchema),
  [`${NETWORKING}/ServiceEntry`]: enforced(ROUTING_VERSIONS, serviceEntrySchema),
  [`${NETWORKING}/Gateway`]: enforced(ROUTING_VERSIONS, gatewaySchema),
  [`${NETWORKING}/Sidecar`]: enforced(ROUTING_VERSIONS, sidecarSchema),
  [`${GATEWAY}/Gateway`]: enforced(['v1', 'v1beta1'], gatewayApiGatewaySchema),
  [`${GATEWAY}/HTTPRoute`]: enforced(['v1', 'v1beta1'], httpRouteObjectSchema),
  [`${GATEWAY}/GRPCRoute`]: enforced(['v1', 'v1alpha2'], grpcRouteObjectSchema),
  [`${GATEWAY}/TLSRoute`]: enforced(['v1', 'v1alpha3', 'v1alpha2'], tlsRouteObjectSchema),
  [`${GATEWAY}/TCPRoute`]: enforced(['v1alpha2', 'v1'], tcpRouteObjectSchema),
  [`${GATEWAY}/ReferenceGrant`]: enforced(['v1', 'v1beta1'], referenceGrantSchema),
  [`${OURS}/RateLimit`]: enforced(['v1'], rateLimitSpecSchema),
  [`${OURS}/RequestValidation`]: enforced(['v1'], requestValidationSpecSchema),
  [`${OURS}/ContextSignals`]: enforced(['v1'], contextSignalsSpecSchema),
  // Files of ours that may lie in the same folder.
  [`${OURS}/Mesh`]: { support: 'harmless' },
  [`${OURS}/Scenario`]: { support: 'harmless' },
  [`${OURS}/DecisionSuite`]: { support: 'harmless' },
  'telemetry.istio.io/Telemetry': { support: 'harmless' },
  'networking.k8s.io/NetworkPolicy': { support: 'never' },
};

/** Groups whose objects decide what passes. */
const DECIDING_GROUPS = [
  /(^|\.)istio\.io$/,
  /^gateway\.networking\.(k8s|x-k8s)\.io$/,
  /^policy\.networking\.k8s\.io$/,
  /(^|\.)linkerd\.io$/,
  /^cilium\.io$/,
  /(^|\.)projectcalico\.org$/,
  /^greenroom\.dev$/,
];

/** What Greenroom does with objects of this group (`''` for core) and kind. */
export function kindSupport(group: string, kind: string): KindSupport {
  const known = KINDS[`${group}/${kind}`];
  if (known) return known;
  return { support: DECIDING_GROUPS.some((pattern) => pattern.test(group)) ? 'never' : 'harmless' };
}

/** `group/Kind` of everything that policies may be made of, for hints on misspelt kinds and groups. */
export const POLICY_KINDS: readonly { group: string; kind: string }[] = Object.entries(KINDS)
  .filter(([, { support }]) => support === 'enforced')
  .map(([id]) => ({ group: id.slice(0, id.lastIndexOf('/')), kind: id.slice(id.lastIndexOf('/') + 1) }));

/** What is done with a kind of which only the name is known, as under `ignore`; null = nobody knows it. */
export function kindSupportByName(kind: string): KindSupport['support'] | null {
  const found = Object.entries(KINDS).filter(([id]) => id.endsWith(`/${kind}`));
  return found[0]?.[1].support ?? null;
}
