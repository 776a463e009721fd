/** Gateway (Gateway API), with the defaults that the API server fills in. What isn't read here is refused by name. */
import { z } from 'zod';
import { portNumber } from './routing-values.ts';

const routeKindSchema = z.strictObject({
  group: z.string().default('gateway.networking.k8s.io'),
  kind: z.string(),
});

const expressionSchema = z.strictObject({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).default([]),
});

const allowedRoutesSchema = z.strictObject({
  namespaces: z
    .strictObject({
      from: z.enum(['All', 'Selector', 'Same', 'None']).default('Same'),
      selector: z
        .strictObject({
          matchLabels: z.record(z.string(), z.string()).default({}),
          matchExpressions: z.array(expressionSchema).default([]),
        })
        .optional(),
    })
    .prefault({}),
  /** None = those that the listener's protocol has. */
  kinds: z.array(routeKindSchema).default([]),
});

const tlsSchema = z.strictObject({
  mode: z.enum(['Terminate', 'Passthrough']).default('Terminate'),
  certificateRefs: z
    .array(
      z.strictObject({
        group: z.string().default(''),
        kind: z.string().default('Secret'),
        name: z.string(),
        namespace: z.string().optional(),
      }),
    )
    .default([]),
  options: z.record(z.string(), z.string()).default({}),
});

const listenerSchema = z
  .strictObject({
    name: z.string().min(1),
    hostname: z.string().optional(),
    port: portNumber,
    protocol: z.string().min(1),
    tls: tlsSchema.optional(),
    allowedRoutes: allowedRoutesSchema.prefault({}),
  })
  .superRefine(({ protocol, hostname, tls }, context) => {
    const issue = (message: string, field: string): void =>
      void context.addIssue({ code: 'custom', path: [field], message });
    const secured = protocol === 'HTTPS' || protocol === 'TLS';
    if (secured && tls === undefined) issue(`a listener of protocol ${protocol} needs tls`, 'protocol');
    if (!secured && tls !== undefined) issue(`a listener of protocol ${protocol} takes no tls`, 'tls');
    if (protocol === 'HTTPS' && tls?.mode === 'Passthrough')
      issue('what is passed on is a listener of protocol TLS', 'tls');
    if (protocol === 'TCP' && hostname !== undefined)
      issue('a listener of protocol TCP takes no hostname', 'hostname');
  });

export const gatewayApiGatewaySchema = z
  .strictObject({
    gatewayClassName: z.string().min(1),
    listeners: z.array(listenerSchema).min(1, 'a Gateway needs listeners'),
  })
  .superRefine(({ listeners }, context) => {
    listeners.forEach(({ name }, index) => {
      if (listeners.findIndex((one) => one.name === name) < index)
        context.addIssue({
          code: 'custom',
          path: ['listeners', index, 'name'],
          message: `two listeners are called ${name}`,
        });
    });
  });

export type GatewayApiGatewaySpec = z.infer<typeof gatewayApiGatewaySchema>;
export type ListenerSpec = GatewayApiGatewaySpec['listeners'][number];
