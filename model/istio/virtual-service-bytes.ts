/** A VirtualService's routes of connections whose bytes nobody reads: `tcp`, and `tls` by server name. */
import { z } from 'zod';
import { parseIpAddress } from '../ip-block.ts';
import { labels, names, portNumber } from './routing-values.ts';
import { destinationSchema } from './virtual-service-destination.ts';

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?';
const SERVER_NAME = new RegExp(`^(\\*|(\\*\\.)?${LABEL}(\\.${LABEL})*\\.?)$`);
const MAX_NAME = 255;

const matchSchema = z.object({
  destinationSubnets: names.default([]),
  port: z.union([z.literal(0), portNumber]).default(0),
  sourceLabels: labels.default({}),
  sourceNamespace: z.string().default(''),
  gateways: names.default([]),
});

const destinationsSchema = z
  .array(
    z.object({
      destination: destinationSchema,
      weight: z.number().int().min(0, 'must not be negative').default(0),
    }),
  )
  .refine((list) => list.length < 2 || list.some(({ weight }) => weight > 0), {
    message: 'the weights of a route add up to 0',
  });

export const tcpRouteSchema = z.object({
  match: z.array(matchSchema).default([]),
  route: destinationsSchema.min(1, 'a TCP route needs destinations'),
});

export const tlsRouteSchema = z.object({
  match: z
    .array(
      matchSchema.extend({
        sniHosts: z
          .array(
            z.string().refine(isServerName, 'not a server name: a full name, one that begins with *., or *'),
          )
          .min(1, 'a match of a TLS route needs sniHosts'),
      }),
    )
    .min(1, 'a TLS route needs a match'),
  route: destinationsSchema.min(1, 'a TLS route needs destinations'),
});

function isServerName(text: string): boolean {
  return parseIpAddress(text) !== null || (text.length <= MAX_NAME && SERVER_NAME.test(text));
}

export type TcpRouteSpec = z.infer<typeof tcpRouteSchema>;
export type TlsRouteSpec = z.infer<typeof tlsRouteSchema>;
/** What both kinds of routes match by. */
export type BytesMatchSpec = z.infer<typeof matchSchema>;
