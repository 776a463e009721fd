/** DestinationRule (networking.istio.io): how clients reach a host, and which subsets it has. */
import { z } from 'zod';
import { duration, labels, names, portSelector } from './routing-values.ts';

const consistentHashSchema = z.object({
  httpHeaderName: z.string().optional(),
  httpCookie: z
    .object({
      name: z.string().default(''),
      path: z.string().default(''),
      ttl: duration().optional(),
      attributes: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
    })
    .optional(),
  useSourceIp: z.boolean().optional(),
  httpQueryParameterName: z.string().optional(),
  ringHash: z.object({ minimumRingSize: z.number().int().optional() }).optional(),
  maglev: z.object({ tableSize: z.number().int().optional() }).optional(),
  minimumRingSize: z.number().int().optional(),
});

const loadBalancerSchema = z.object({
  simple: z
    .enum(['UNSPECIFIED', 'LEAST_CONN', 'LEAST_REQUEST', 'RANDOM', 'ROUND_ROBIN', 'PASSTHROUGH'])
    .optional(),
  consistentHash: consistentHashSchema.optional(),
});

const connectionPoolSchema = z.object({
  tcp: z
    .object({
      maxConnections: z.number().int().optional(),
      connectTimeout: duration('millisecond').optional(),
      idleTimeout: duration().optional(),
    })
    .optional(),
  http: z
    .object({
      http1MaxPendingRequests: z.number().int().optional(),
      http2MaxRequests: z.number().int().optional(),
      maxRequestsPerConnection: z.number().int().optional(),
      maxRetries: z.number().int().optional(),
      idleTimeout: duration().optional(),
      h2UpgradePolicy: z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']).optional(),
      useClientProtocol: z.boolean().optional(),
    })
    .optional(),
});

const outlierSchema = z.object({
  consecutiveErrors: z.number().int().optional(),
  consecutive5xxErrors: z.number().int().optional(),
  consecutiveGatewayErrors: z.number().int().optional(),
  consecutiveLocalOriginFailures: z.number().int().optional(),
  splitExternalLocalOriginErrors: z.boolean().default(false),
  interval: duration('millisecond').optional(),
  baseEjectionTime: duration('millisecond').optional(),
  maxEjectionPercent: z.number().int().min(0).max(100).optional(),
  minHealthPercent: z.number().int().min(0).max(100).optional(),
});

const tlsSchema = z
  .object({
    mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).default('DISABLE'),
    sni: z.string().default(''),
    subjectAltNames: names.default([]),
    insecureSkipVerify: z.boolean().default(false),
    clientCertificate: z.string().default(''),
    privateKey: z.string().default(''),
    caCertificates: z.string().default(''),
    caCrl: z.string().default(''),
    credentialName: z.string().default(''),
  })
  .superRefine((tls, context) => {
    const message = tlsFault(tls);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** What istiod's webhook refuses; null = nothing. */
function tlsFault(tls: {
  mode: string;
  subjectAltNames: readonly string[];
  insecureSkipVerify: boolean;
  clientCertificate: string;
  privateKey: string;
  caCertificates: string;
  caCrl: string;
  credentialName: string;
}): string | null {
  const { mode, credentialName, clientCertificate, privateKey, caCertificates, caCrl } = tls;
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return null;
  if (tls.insecureSkipVerify) {
    if (caCertificates !== '' || tls.subjectAltNames.length > 0)
      return 'insecureSkipVerify: true goes without caCertificates and subjectAltNames: nothing is compared with them';
    if (mode === 'SIMPLE' && credentialName !== '')
      return 'insecureSkipVerify: true goes without credentialName in mode SIMPLE: nothing of it is used';
  }
  if (credentialName !== '')
    return [clientCertificate, privateKey, caCertificates, caCrl].every((path) => path === '')
      ? null
      : 'credentialName goes without clientCertificate, privateKey, caCertificates and caCrl: the secret holds them';
  if (mode === 'SIMPLE') return null;
  if (clientCertificate === '') return 'mode MUTUAL needs a clientCertificate, or a credentialName';
  return privateKey === '' ? 'mode MUTUAL needs a privateKey' : null;
}

const settings = {
  loadBalancer: loadBalancerSchema.optional(),
  connectionPool: connectionPoolSchema.optional(),
  outlierDetection: outlierSchema.optional(),
  tls: tlsSchema.optional(),
};

const trafficPolicySchema = z.object({
  ...settings,
  portLevelSettings: z.array(z.object({ port: portSelector, ...settings })).default([]),
});

export const destinationRuleSchema = z
  .object({
    host: z.string().min(1, 'a DestinationRule needs a host'),
    subsets: z
      .array(
        z.object({
          name: z.string().min(1, 'a subset needs a name'),
          labels: labels.default({}),
          trafficPolicy: trafficPolicySchema.optional(),
        }),
      )
      .default([]),
    trafficPolicy: trafficPolicySchema.optional(),
    exportTo: names.default([]),
    workloadSelector: z.object({ matchLabels: labels.default({}) }).optional(),
  })
  .superRefine(({ subsets }, context) => {
    subsets.forEach(({ name }, index) => {
      if (subsets.findIndex((other) => other.name === name) < index)
        context.addIssue({
          code: 'custom',
          path: ['subsets', index, 'name'],
          message: `subset ${name} stands twice`,
        });
    });
  });

export type DestinationRuleSpec = z.infer<typeof destinationRuleSchema>;
export type TrafficPolicySpec = z.infer<typeof trafficPolicySchema>;
export type TrafficSettings = Omit<TrafficPolicySpec, 'portLevelSettings'>;
export type ClientTlsSpec = z.infer<typeof tlsSchema>;
export type ConsistentHashSpec = z.infer<typeof consistentHashSchema>;
export type LoadBalancerSpec = z.infer<typeof loadBalancerSchema>;
export type OutlierSpec = z.infer<typeof outlierSchema>;
