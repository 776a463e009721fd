/** ServiceEntry (networking.istio.io): hosts outside the mesh's own registry. */
import { z } from 'zod';
import { labels, names, portNumber, protocolName } from './routing-values.ts';

const workloadEntrySchema = z.object({
  address: z.string().default(''),
  ports: z.record(z.string(), portNumber).default({}),
  labels: labels.default({}),
  weight: z.number().int().min(0).optional(),
  serviceAccount: z.string().default(''),
  network: z.string().default(''),
  locality: z.string().default(''),
});

export const serviceEntrySchema = z
  .object({
    hosts: names.min(1, 'a ServiceEntry needs a host'),
    addresses: names.default([]),
    ports: z
      .array(
        z.object({
          number: portNumber,
          name: z.string().min(1, 'a port needs a name'),
          protocol: protocolName.default('TCP'),
          targetPort: z.number().int().min(0).max(65_535).default(0),
        }),
      )
      .default([]),
    location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).default('MESH_EXTERNAL'),
    resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).default('NONE'),
    endpoints: z.array(workloadEntrySchema).default([]),
    workloadSelector: z.object({ labels: labels.default({}) }).optional(),
    exportTo: names.default([]),
    subjectAltNames: names.default([]),
  })
  .superRefine(({ resolution, endpoints, workloadSelector, hosts }, context) => {
    const issue = (message: string, path: string): void =>
      void context.addIssue({ code: 'custom', path: [path], message });
    if (resolution === 'NONE' && endpoints.length > 0)
      issue('resolution NONE takes no endpoints', 'endpoints');
    if (resolution === 'STATIC' && endpoints.length === 0 && workloadSelector === undefined)
      issue('resolution STATIC needs endpoints or a workloadSelector', 'endpoints');
    if (workloadSelector !== undefined && endpoints.length > 0)
      issue('endpoints and workloadSelector exclude each other', 'workloadSelector');
    if (resolution.startsWith('DNS') && endpoints.length === 0 && hosts.some((host) => host.startsWith('*')))
      issue('resolution DNS needs endpoints for a wildcard host', 'hosts');
  });

export type ServiceEntrySpec = z.infer<typeof serviceEntrySchema>;
