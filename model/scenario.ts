/**
 * Scenario files, `*.scenario.yaml`: attacks and expectations that live in the team's repo.
 * The zod schema is the format; the JSON Schema under schemas/ is generated from it. Keys that it doesn't know
 * are refused. Step kinds that design.md names and this version doesn't run yet are refused as `not-supported-yet`.
 */
import { z } from 'zod';
import { durationSchema } from './scenario-duration.ts';
import { scenarioFaultSchema } from './scenario-fault.ts';
import { CERTIFICATE_NAMES } from './scenario-certificates.ts';

const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

export const httpStepSchema = z.strictObject({
  from: z
    .string()
    .describe(
      'Workload that makes the call; its own sidecar carries it, unless `identity` says otherwise. `attacker` = nobody of the mesh.',
    ),
  to: z.string().describe('Workload that is called.'),
  gateway: z
    .string()
    .optional()
    .describe(
      'Gateway that the request comes in by; it says where `host` leads, and `to` is who shall get it.',
    ),
  host: z.string().min(1).optional().describe('Host that is sent; default: the name of `to`.'),
  sni: z
    .string()
    .optional()
    .describe('Server name of the TLS handshake with a gateway; default: `host` without its port.'),
  port: z
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      'Service port, default: its first HTTP port; of a gateway: its own, default: the first with TLS.',
    ),
  identity: z
    .string()
    .optional()
    .describe(
      '`none` = plaintext straight at the inbound listener; `spiffe://…` = a good certificate of that identity, straight at it. Default: through the sidecar of `from`. At a gateway: the certificate that is shown to it, by default none.',
    ),
  ip: z.string().optional().describe('Pod address that the caller claims in the model (process runtime).'),
  method: z.string().default('GET'),
  path: z.string().default('/').describe('Sent as written, not normalized.'),
  headers: headers.optional(),
  body: z.string().optional(),
  repeat: z.number().int().min(1).max(10_000).default(1),
});

export const tlsStepSchema = z.strictObject({
  to: z.string(),
  gateway: z.string().optional().describe('Gateway that is knocked at; `to` is who shall not be reached.'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Host and server name at a gateway; default: the name of `to`.'),
  port: z.number().int().min(1).max(65535).optional(),
  from: z.string().optional().describe('For the picture only: who the attacker pretends to be.'),
  certificate: z
    .enum(CERTIFICATE_NAMES)
    .describe('`none` (no client certificate), `valid`, or a certificate fault.'),
  san: z
    .string()
    .optional()
    .describe("SPIFFE id in the certificate; default: that of `from`, or of the callee's first caller."),
  alpn: z.array(z.string()).default(['istio']),
  sni: z.string().optional(),
  request: z
    .strictObject({
      method: z.string().default('GET'),
      path: z.string().default('/'),
      headers: headers.optional(),
    })
    .optional()
    .describe('Sent when the handshake succeeds; default GET /.'),
});

export const expectSchema = z.strictObject({
  decision: z.enum(['allow', 'deny']).optional(),
  phase: z
    .enum([
      'mtls',
      'codec',
      'normalization',
      'custom',
      'jwt',
      'deny',
      'allow',
      'rate-limit',
      'validation',
      'route',
      'egress',
      'upstream',
      'default',
    ])
    .optional(),
  policy: z.string().optional().describe('`name`, `namespace/name`, or with the rule `name[0]`.'),
  status: z.number().int().min(100).max(599).optional(),
  tls: z
    .strictObject({
      error: z.string().optional().describe('Reason code of the event, e.g. `unknown-authority`.'),
    })
    .optional(),
  upstream: z.enum(['reached', 'untouched']).optional(),
  upstreamPath: z.string().optional().describe('Path that the application got, from the witness.'),
  headers: z.record(z.string(), z.string()).optional().describe('Response headers.'),
  body: z.strictObject({ contains: z.string().optional(), equals: z.string().optional() }).optional(),
  outcome: z
    .enum(['blocked', 'istio-allows', 'not-covered'])
    .optional()
    .describe('`istio-allows`: Istio lets this attack in, and so do we; needs `remedy` in info.'),
});

const stepBase = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'kebab-case')
    .optional(),
  timeout: durationSchema.default('5s'),
  expect: expectSchema,
};

export const scenarioStepSchema = z.union([
  z.strictObject({ ...stepBase, http: httpStepSchema }),
  z.strictObject({ ...stepBase, tls: tlsStepSchema }),
]);

export const scenarioSchema = z.strictObject({
  apiVersion: z.literal('greenroom.dev/v1'),
  kind: z.literal('Scenario'),
  metadata: z.strictObject({ id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'kebab-case') }),
  info: z.strictObject({
    title: z.string().min(1),
    severity: z.enum(['info', 'low', 'medium', 'high', 'critical']).default('info'),
    tags: z.array(z.string()).default([]),
    references: z.array(z.string()).default([]),
    description: z.string().optional(),
    remedy: z.string().optional().describe('What closes the hole, for `istio-allows`.'),
  }),
  requires: z.array(z.enum(['docker'])).default([]),
  inputs: z
    .record(
      z.string(),
      z.strictObject({
        type: z.enum(['string', 'number', 'boolean']),
        default: z.union([z.string(), z.number(), z.boolean()]),
      }),
    )
    .default({}),
  steadyState: z.array(scenarioStepSchema).default([]),
  faults: z
    .array(scenarioFaultSchema)
    .default([])
    .describe('Injected while `steps` run, and not in the steady state before and after them.'),
  steps: z.array(scenarioStepSchema).min(1),
  cleanup: z.array(scenarioStepSchema).default([]),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type ScenarioStep = z.infer<typeof scenarioStepSchema>;
export type HttpStep = z.infer<typeof httpStepSchema>;
export type TlsStep = z.infer<typeof tlsStepSchema>;
export type Expect = z.infer<typeof expectSchema>;
