/**
 * What is wrong with Gateways as the project's gateways would serve them: servers that can't be served, hosts without
 * routes, certificates that nobody brings.
 */
import type { MeshGateway } from '../../model/mesh.ts';
import { positionOf, type PolicyObject } from '../../model/policy-object.ts';
import { hasErrors, type Problem } from '../../model/problem.ts';
import { gatewayPorts, writtenGateways, type WrittenServer } from './gateway-ports.ts';
import { GATEWAY_NAME } from '../scope.ts';
import { apiGateways, gatewayTitle, isListener, listenersOf } from './gateway-api-listeners.ts';
import { gatewayApiProblems } from './gateway-api-problems.ts';
import { attachedServices, attachmentProblems } from './attached-services.ts';
import { readGatewayPort, selectsGateway } from './read-gateway.ts';
import { ownNamespace, serverHost, sharedNames } from './server-hosts.ts';
import { kindOfPort, serverKind, type ServerKind } from './server-kind.ts';
import { ROUTES_OF, unheededRoutes } from './unheeded-routes.ts';

/** Problems of Gateways, of VirtualServices that name them, and of the gateways that shall serve them. */
export function gatewayProblems(
  objects: readonly PolicyObject[],
  gateways: readonly MeshGateway[],
): Problem[] {
  const written = writtenGateways(objects);
  const problems = [
    ...written.flatMap(({ object, spec }) => {
      const serving = gateways.filter((one) => selectsGateway(spec.selector ?? {}, one));
      if (serving.length === 0 && isListener(object)) return listenerServedByNobody(object, objects);
      if (serving.length === 0) return [servedByNobody(object, spec.selector ?? {}, gateways)];
      return (spec.servers ?? []).flatMap((server, index) => serverProblems(server, index, object, objects));
    }),
    ...gateways.flatMap((gateway) => [
      ...conflicts(gateway, written),
      ...unusedPorts(gateway, objects),
      ...credentialProblems(gateway, written),
    ]),
    ...attachmentProblems(objects),
    ...gatewayApiProblems(objects),
    ...unheededRoutes(objects),
  ];
  return hasErrors(problems)
    ? problems
    : [...problems, ...gateways.flatMap((one) => unreadable(one, objects))];
}

/** Whatever else keeps a port from being served: better told than missing. */
function unreadable(gateway: MeshGateway, objects: readonly PolicyObject[]): Problem[] {
  return gatewayPorts(objects, gateway).flatMap((port): Problem[] => {
    const at = readGatewayPort(objects, gateway, port);
    if (typeof at !== 'string') return [];
    const message = `port ${port} of gateway ${gateway.id} can't be served: ${at}`;
    return [{ code: 'not-supported-yet', severity: 'error', message, at: gateway.at }];
  });
}

/** Told once, with the first listener. */
function listenerServedByNobody(listener: PolicyObject, objects: readonly PolicyObject[]): Problem[] {
  const gateway = apiGateways(objects).find((one) => listenersOf(one)[0] === listener);
  if (gateway === undefined) return [];
  const { namespace, name } = gateway.metadata;
  const labels = `${GATEWAY_NAME}: ${name}`;
  return [
    {
      code: 'gateway-not-run',
      severity: 'warning',
      message: `Gateway ${namespace}/${name} is served by nobody here: no gateway of namespace ${namespace} has the label ${labels}`,
      hint: `declare it as istiod deploys it, in greenroom.yaml: spec.gateways: { ${name}-istio: { namespace: ${namespace}, labels: { ${labels} } } }`,
      at: positionOf(gateway, ['metadata', 'name']),
    },
  ];
}

type Written = ReturnType<typeof writtenGateways>;

function servedByNobody(
  object: PolicyObject,
  selector: Readonly<Record<string, string>>,
  gateways: readonly MeshGateway[],
): Problem {
  const wanted = Object.entries(selector).map(([key, value]) => `${key}: ${value}`);
  return {
    code: 'gateway-not-run',
    severity: 'warning',
    message: `${gatewayTitle(object)} is served by nobody here: no gateway has the labels ${wanted.join(', ')}`,
    hint:
      gateways.length === 0
        ? `declare one in greenroom.yaml: spec.gateways: { ingress: { labels: { ${wanted.join(', ')} } } }`
        : `gateways here: ${gateways.map(({ id }) => id).join(', ')}`,
    at: positionOf(object, ['spec', 'selector']),
  };
}

/** What of `tls` is followed; all else could change who is let in. */
const TLS_FIELDS = new Set(['mode', 'httpsRedirect', 'credentialName', 'subjectAltNames']);

function serverProblems(
  server: WrittenServer,
  index: number,
  object: PolicyObject,
  objects: readonly PolicyObject[],
): Problem[] {
  const at = ['spec', 'servers', index];
  const refuse = (message: string, ...path: string[]): Problem => ({
    code: 'not-supported-yet',
    severity: 'error',
    message: `${gatewayTitle(object)}: ${message}`,
    at: positionOf(object, [...at, ...path]),
  });
  const { port, tls = {}, hosts = [] } = server;
  const kind = serverKind(server);
  if (kind === null) {
    const mode = tls['mode'];
    if (mode === 'AUTO_PASSTHROUGH')
      return [
        refuse(`tls.mode ${mode} joins the meshes of several clusters, and here is one`, 'tls', 'mode'),
      ];
    return [
      refuse(`servers of protocol ${port?.protocol} are not served in this version`, 'port', 'protocol'),
    ];
  }
  const unread = Object.keys(server).filter((key) => !['port', 'hosts', 'tls', 'name'].includes(key));
  const unheeded = Object.keys(tls).filter((key) => !TLS_FIELDS.has(key));
  const redirects = kind === 'http' && tls['httpsRedirect'] === true;
  return [
    ...unread.map((key) => refuse(`${key} of a server is not followed in this version`, key)),
    ...unheeded.map((key) => refuse(`tls.${key} is not followed in this version`, 'tls', key)),
    ...(redirects
      ? []
      : hosts.flatMap((host, place) => unrouted({ host, place, kind, index }, object, objects))),
  ];
}

interface ServedHost {
  host: string;
  place: number;
  kind: ServerKind;
  /** Of its server. */
  index: number;
}

function unrouted(
  { host, place, kind, index }: ServedHost,
  object: PolicyObject,
  objects: readonly PolicyObject[],
): Problem[] {
  const { namespace, name } = object.metadata;
  const field = ROUTES_OF[kind];
  const without =
    field === 'http' ? 'so every request to it is answered 404' : 'so every connection to it is closed';
  const own = [ownNamespace(host, namespace)];
  const routed = attachedServices(objects, `${namespace}/${name}`).some(
    ({ routes, hosts, metadata }) =>
      routes.includes(field) && sharedNames(own, { hosts, namespace: metadata.namespace }).length > 0,
  );
  if (routed) return [];
  const { name: served } = serverHost(host);
  const routes = field === 'http' ? 'routes' : `${field} routes`;
  const { message, hint } = isListener(object)
    ? {
        message: `${gatewayTitle(object)}: no route is attached for ${served}, ${without}`,
        hint: 'a route of the Gateway API names its Gateway in parentRefs, and allowedRoutes must let its namespace in',
      }
    : {
        message: `${gatewayTitle(object)}: no VirtualService has ${routes} for ${host} at this gateway, ${without}`,
        hint: `a VirtualService with hosts: [${served}] and gateways: [${namespace}/${name}]${field === 'http' ? '' : ` and ${routes}`}`,
      };
  return [
    {
      code: 'gateway-host-unrouted',
      severity: 'warning',
      message,
      hint,
      at: positionOf(object, ['spec', 'servers', index, 'hosts', place]),
    },
  ];
}

/**
 * Servers that Istio drops: of another protocol than the one that has the port, a second of plain bytes, and one with a
 * name that a TLS server of the port has.
 */
function conflicts(gateway: MeshGateway, written: Written): Problem[] {
  const { id } = gateway;
  const first = new Map<number, { speaks: string; name: string }>();
  const names = new Map<string, string>();
  return written
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, gateway))
    .flatMap(({ object, spec }) =>
      (spec.servers ?? []).flatMap((server, index): Problem[] => {
        if (serverKind(server) === null) return [];
        const number = server.port?.number ?? 0;
        const speaks = kindOfPort(server);
        const earlier = first.get(number);
        if (earlier === undefined) first.set(number, { speaks, name: gatewayTitle(object) });
        if (earlier !== undefined && (earlier.speaks !== speaks || speaks === 'TCP'))
          return [
            {
              code: 'gateway-port-conflict',
              severity: 'error',
              message: `port ${number} of ${id} speaks ${earlier.speaks} by ${earlier.name}, and ${server.port?.protocol} here: Istio drops this server`,
              hint: 'give one of them another port',
              at: positionOf(object, ['spec', 'servers', index, 'port']),
            },
          ];
        if (speaks !== 'TLS') return [];
        const { namespace } = object.metadata;
        const own = (server.hosts ?? []).map((host) => `${number} ${ownNamespace(host, namespace)}`);
        const twice = own.findIndex((host) => names.has(host));
        if (twice < 0) for (const host of own) names.set(host, gatewayTitle(object));
        if (twice < 0) return [];
        return [
          {
            code: 'gateway-host-taken',
            severity: 'warning',
            message: `${server.hosts?.[twice]} is served at port ${number} of ${id} by ${names.get(own[twice] ?? '')} already: Istio drops this server, with all its hosts`,
            hint: 'give each server names of its own',
            at: positionOf(object, ['spec', 'servers', index, 'hosts', twice]),
          },
        ];
      }),
    );
}

function unusedPorts({ id, labels, namespace, listen, at }: MeshGateway, objects: readonly PolicyObject[]) {
  const served = gatewayPorts(objects, { labels, namespace });
  return Object.keys(listen)
    .filter((port) => !served.includes(Number(port)))
    .map(
      (port): Problem => ({
        code: 'unknown-port',
        severity: 'warning',
        message: `gateway ${id} has a place to listen for port ${port}, and no Gateway that it serves has a server there`,
        hint: served.length > 0 ? `its ports: ${served.join(', ')}` : 'it serves no port at all',
        at,
      }),
    );
}

function credentialProblems(gateway: MeshGateway, written: Written): Problem[] {
  const { id, credentials, meshClients } = gateway;
  return written
    .filter(({ spec }) => selectsGateway(spec.selector ?? {}, gateway))
    .flatMap(({ object, spec }) =>
      (spec.servers ?? []).flatMap(({ tls = {} }, index): Problem[] => {
        const name = tls['credentialName'];
        if (typeof name !== 'string' || name === '') return [];
        const files = Object.hasOwn(credentials, name) ? credentials[name] : undefined;
        const wantsClients = tls['mode'] === 'MUTUAL' || tls['mode'] === 'OPTIONAL_MUTUAL';
        if (files === undefined)
          return wantsClients && !meshClients.includes(name)
            ? [noClientAuthority(object, index, name, id)]
            : [issued(object, index, name, id)];
        if (!wantsClients || files.ca !== null) return [];
        return [
          {
            code: 'no-client-authority',
            severity: 'error',
            message: `credential ${name} of gateway ${id} names no ca, and ${gatewayTitle(object)} asks clients for certificates`,
            hint: 'ca: the PEM file of whoever signs for them, `ca.crt` of the secret',
            at: files.at,
          },
        ];
      }),
    );
}

/** In the cluster there is no secret of that name yet, and nobody gets in. */
function noClientAuthority(object: PolicyObject, index: number, name: string, gateway: string): Problem {
  return {
    code: 'no-client-authority',
    severity: 'error',
    message: `gateway ${gateway} has no files for credential ${name}, and ${gatewayTitle(object)} asks clients for certificates: nothing says who signs for them`,
    hint: `spec.gateways.${gateway}.credentials: { ${name}: { certificate: …, key: …, ca: … } } in greenroom.yaml; for development { ${name}: { clientAuthority: mesh } } takes the mesh's own identities`,
    at: positionOf(object, ['spec', 'servers', index, 'tls', 'credentialName']),
  };
}

function issued(object: PolicyObject, index: number, name: string, gateway: string): Problem {
  return {
    code: 'credential-issued',
    severity: 'warning',
    message: `gateway ${gateway} has no files for credential ${name}: for development its certificate is issued here, and no browser trusts it`,
    hint: `spec.gateways.${gateway}.credentials: { ${name}: { certificate: …, key: … } } in greenroom.yaml`,
    at: positionOf(object, ['spec', 'servers', index, 'tls', 'credentialName']),
  };
}
