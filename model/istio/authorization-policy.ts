/**
 * The spec of an AuthorizationPolicy (security.istio.io), every field of it. What Istio's webhook refuses is
 * refused here (what the CRD's schema refuses: check-structure.ts); `null` means what it means in protobuf JSON: unset, and in a list of rules an empty rule.
 */
import { z } from 'zod';
import { attachmentFields } from './attachment.ts';
import { checkAuthorizationPolicy } from './authorization-policy-checks.ts';

const strings = z.array(z.string());

export const sourceSchema = z.strictObject({
  principals: strings.optional(),
  notPrincipals: strings.optional(),
  requestPrincipals: strings.optional(),
  notRequestPrincipals: strings.optional(),
  namespaces: strings.optional(),
  notNamespaces: strings.optional(),
  serviceAccounts: strings.optional(),
  notServiceAccounts: strings.optional(),
  trustDomains: strings.optional(),
  notTrustDomains: strings.optional(),
  ipBlocks: strings.optional(),
  notIpBlocks: strings.optional(),
  remoteIpBlocks: strings.optional(),
  notRemoteIpBlocks: strings.optional(),
});

export const operationSchema = z.strictObject({
  hosts: strings.optional(),
  notHosts: strings.optional(),
  ports: strings.optional(),
  notPorts: strings.optional(),
  methods: strings.optional(),
  notMethods: strings.optional(),
  paths: strings.optional(),
  notPaths: strings.optional(),
});

export const conditionSchema = z.strictObject({
  key: z.string().default(''),
  values: strings.optional(),
  notValues: strings.optional(),
});

const emptyWhenNull = (value: unknown): unknown => value ?? {};

export const ruleSchema = z.strictObject({
  from: z.array(z.preprocess(emptyWhenNull, z.strictObject({ source: sourceSchema.optional() }))).optional(),
  to: z
    .array(z.preprocess(emptyWhenNull, z.strictObject({ operation: operationSchema.optional() })))
    .optional(),
  when: z.array(z.preprocess(emptyWhenNull, conditionSchema)).optional(),
});

export const authorizationPolicySpecSchema = z
  .strictObject({
    ...attachmentFields,
    action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']).default('ALLOW'),
    provider: z.strictObject({ name: z.string().default('') }).optional(),
    /** Absent and empty mean the same: nothing matches. */
    rules: z.array(z.preprocess(emptyWhenNull, ruleSchema)).optional(),
  })
  .superRefine(checkAuthorizationPolicy);

export type AuthorizationPolicySpec = z.infer<typeof authorizationPolicySpecSchema>;
export type AuthorizationRule = z.infer<typeof ruleSchema>;
export type AuthorizationSource = z.infer<typeof sourceSchema>;
export type AuthorizationOperation = z.infer<typeof operationSchema>;
export type AuthorizationCondition = z.infer<typeof conditionSchema>;
