/**
 * The gateway workloads that a team's Gateway objects select: in a cluster they are there already, here greenroom.yaml
 * names them. Their first HTTP port takes over the port that the Compose file publishes for the service behind.
 */
import { z } from 'zod';
import type { PolicyObject } from '../policy-object.ts';
import type { GuessedPort } from './guess-ports.ts';
import type { ComposeService } from './translate-service.ts';

export interface GuessedGateway {
  name: string;
  namespace: string | null;
  serviceAccount: string | null;
  labels: Readonly<Record<string, string>>;
  /** Port of a Gateway → port of this machine. */
  listen: Readonly<Record<string, number>>;
  /** Whose published port that was. */
  inPlaceOf: string | null;
  /** `credentialName`s of its servers that ask clients for certificates: somebody has to say who signs for them. */
  clientCredentials: readonly string[];
}

const gatewaySpec = z.looseObject({
  selector: z.record(z.string(), z.string()).default({}),
  servers: z
    .array(
      z.looseObject({
        port: z.looseObject({ number: z.number(), protocol: z.string() }),
        tls: z.looseObject({ mode: z.string().optional(), credentialName: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});
type Server = z.infer<typeof gatewaySpec>['servers'][number];
const routeSpec = z.looseObject({
  gateways: z.array(z.string()).default([]),
  http: z
    .array(
      z.looseObject({
        route: z.array(z.looseObject({ destination: z.looseObject({ host: z.string() }) })).default([]),
      }),
    )
    .default([]),
});

/** One for each selector; a Gateway without one selects every gateway, and so asks for none. */
export function guessGateways(
  policies: readonly PolicyObject[],
  services: readonly ComposeService[],
  ports: ReadonlyMap<string, readonly GuessedPort[]>,
): GuessedGateway[] {
  const found = new Map<string, GuessedGateway>();
  const published = publishedHttp(policies, services, ports);
  for (const { apiVersion, kind, spec } of policies) {
    const read = gatewaySpec.safeParse(spec);
    if (kind !== 'Gateway' || !apiVersion.startsWith('networking.istio.io/') || !read.success) continue;
    const { selector, servers } = read.data;
    const name = nameOf(selector);
    if (name === null) continue;
    const earlier = found.get(name);
    if (earlier !== undefined) {
      const clientCredentials = clientCredentialsOf(servers, earlier.clientCredentials);
      found.set(name, { ...earlier, clientCredentials });
      continue;
    }
    const http = servers.find(({ port }) => port.protocol.toUpperCase() === 'HTTP')?.port.number;
    const taken = http === undefined ? undefined : published.shift();
    // Where Istio's own installation puts it, and under which account: what policies name.
    const istio = selector['istio'] === 'ingressgateway';
    found.set(name, {
      name,
      namespace: istio ? 'istio-system' : null,
      serviceAccount: istio ? 'istio-ingressgateway-service-account' : null,
      labels: selector,
      listen: http === undefined || taken === undefined ? {} : { [http]: taken.port },
      inPlaceOf: taken?.service ?? null,
      clientCredentials: clientCredentialsOf(servers, []),
    });
  }
  return [...found.values()];
}

function clientCredentialsOf(servers: readonly Server[], others: readonly string[]): string[] {
  const own = servers.flatMap(({ tls }) =>
    (tls?.mode === 'MUTUAL' || tls?.mode === 'OPTIONAL_MUTUAL') && tls.credentialName
      ? [tls.credentialName]
      : [],
  );
  return [...new Set([...others, ...own])];
}

function nameOf(selector: Readonly<Record<string, string>>): string | null {
  if (selector['istio'] === 'ingressgateway') return 'istio-ingressgateway';
  return selector['app'] ?? selector['istio'] ?? Object.values(selector)[0] ?? null;
}

/** Published ports that speak HTTP; those of services that routes of gateways lead to go first. */
function publishedHttp(
  policies: readonly PolicyObject[],
  services: readonly ComposeService[],
  ports: ReadonlyMap<string, readonly GuessedPort[]>,
): { service: string; port: number }[] {
  const routed = new Set(
    policies.flatMap(({ kind, spec }) => {
      const read = routeSpec.safeParse(spec);
      if (kind !== 'VirtualService' || !read.success || read.data.gateways.length === 0) return [];
      return read.data.http.flatMap(({ route }) =>
        route.map(({ destination }) => destination.host.split('.', 1)[0] ?? ''),
      );
    }),
  );
  return services
    .flatMap(({ name, container }) =>
      container.published
        .filter(({ targetPort }) =>
          ports.get(name)?.some((port) => port.port === targetPort && /^http(-|$)/.test(port.name)),
        )
        .map(({ port }) => ({ service: name, port })),
    )
    .sort((a, b) => Number(routed.has(b.service)) - Number(routed.has(a.service)));
}
