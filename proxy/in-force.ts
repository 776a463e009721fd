/**
 * The snapshot in force, indexed for the questions that a connection asks. Immutable: publishing makes a new one,
 * and whoever holds a connection asks the current one again before each request.
 */
import { createClock } from '../model/clock.ts';
import type { PeerRef } from '../model/traffic-event.ts';
import type { Operations } from '../policy/request-validation.ts';
import { prepareRoutes, type RouteTable } from '../policy/routes/route-table.ts';
import type { Limits } from './limits.ts';
import type { GateSettings } from './admission.ts';
import { routesOfServices } from './routing/routes-of-services.ts';
import { compileOperations } from './validation/operations.ts';
import type { SidecarTls } from './sidecar-tls.ts';
import type {
  BoundListener,
  GatewayPortSnapshot,
  InboundPort,
  InstanceSnapshot,
  OutboundListener,
  ServiceSnapshot,
  Snapshot,
} from './snapshot.ts';

export type ServicePort = ServiceSnapshot['ports'][number];

/** A service's port, found by a name that a caller used. */
export interface Destination {
  service: ServiceSnapshot;
  port: ServicePort;
}

/** Key of an outbound listener, as `BoundListener.key` has it. */
export function outboundKey(listener: OutboundListener): string {
  switch (listener.kind) {
    case 'http-proxy':
      return 'http-proxy';
    case 'peer':
      return `${listener.service}:${listener.port}`;
    case 'address':
      return `${listener.ip}:${listener.port}`;
  }
}

export class InForce {
  readonly snapshot: Snapshot;
  readonly #operations = new Map<string, Operations | null>();
  readonly #tls: ReadonlyMap<string, SidecarTls>;
  readonly #instances = new Map<string, InstanceSnapshot>();
  readonly #byPodIp = new Map<string, InstanceSnapshot>();
  readonly #bySpiffeId = new Map<string, InstanceSnapshot>();
  readonly #services = new Map<string, ServiceSnapshot>();
  /** By instance and workload port. */
  readonly #inboundAddresses = new Map<string, Map<number, BoundListener>>();
  readonly #byHost = new Map<string, ServiceSnapshot>();
  readonly #servedPorts = new Set<number>();
  readonly #undeclaredPorts = new Set<number>();
  readonly #routes = new Map<string, RouteTable>();

  /** `tls`: of this worker's own sidecars. */
  constructor(snapshot: Snapshot, tls: ReadonlyMap<string, SidecarTls>) {
    this.snapshot = snapshot;
    this.#tls = tls;
    for (const instance of snapshot.instances) {
      this.#instances.set(instance.id, instance);
      this.#byPodIp.set(instance.podIp, instance);
      if (!this.#bySpiffeId.has(instance.spiffeId)) this.#bySpiffeId.set(instance.spiffeId, instance);
    }
    for (const service of snapshot.services) {
      this.#services.set(service.id, service);
      this.#byHost.set(`${service.name}.${service.namespace}.svc.cluster.local`, service);
      for (const { port, protocol } of service.ports) {
        this.#servedPorts.add(port);
        if (protocol === 'auto') this.#undeclaredPorts.add(port);
      }
    }
  }

  /** Told once, before it is in force: where the sidecars of all workers listen. */
  learnListeners(listeners: readonly BoundListener[]): void {
    for (const bound of listeners) {
      if (bound.direction !== 'inbound') continue;
      const ports = this.#inboundAddresses.get(bound.instance) ?? new Map<number, BoundListener>();
      this.#inboundAddresses.set(bound.instance, ports.set(Number(bound.key), bound));
    }
  }

  /** The operations of an OpenAPI document; null where there is none, or none that can be used. */
  operations(key: string): Operations | null {
    const known = this.#operations.get(key);
    if (known !== undefined) return known;
    const operations = operationsOf(this.snapshot.openapi?.[key]);
    this.#operations.set(key, operations);
    return operations;
  }

  /** The session's time, ms since the epoch. */
  now(): number {
    return Date.now() + this.snapshot.clockOffsetMs;
  }

  /** What the gate judges by. */
  gate(limits: Limits): GateSettings {
    const { gateProfile: profile, trustDomain, trustDomainAliases, clockOffsetMs } = this.snapshot;
    const clock = createClock(() => Date.now(), clockOffsetMs);
    const timeouts = { clientHelloMs: limits.handshakeTimeoutMs, handshakeMs: limits.handshakeTimeoutMs };
    return { profile, trustDomain, trustDomainAliases, clock, timeouts };
  }

  /** An instance's key material; null for an instance that isn't in the snapshot. */
  tls(instance: string): SidecarTls | null {
    return this.#tls.get(instance) ?? null;
  }

  instance(id: string): InstanceSnapshot | null {
    return this.#instances.get(id) ?? null;
  }

  instanceByPodIp(ip: string): InstanceSnapshot | null {
    return this.#byPodIp.get(ip) ?? null;
  }

  inbound(instance: string, port: number): InboundPort | null {
    return this.#instances.get(instance)?.inbound.find((candidate) => candidate.port === port) ?? null;
  }

  /** Where an instance's inbound port is bound, on whichever worker; null while it isn't. */
  inboundAddress(instance: string, port: number): BoundListener | null {
    return this.#inboundAddresses.get(instance)?.get(port) ?? null;
  }

  /** A gateway's port; null where there is none. */
  gateway(instance: string, port: number): GatewayPortSnapshot | null {
    return this.#instances.get(instance)?.gateway?.find(({ at }) => at.port === port) ?? null;
  }

  outbound(instance: string, key: string): OutboundListener | null {
    return (
      this.#instances.get(instance)?.outbound.find((candidate) => outboundKey(candidate) === key) ?? null
    );
  }

  /** What a client's sidecar knows about the ways out. Made once; `prepare` makes it before it is needed. */
  routes({ routes: key, namespace }: InstanceSnapshot): RouteTable {
    const name = key ?? `services of ${namespace}`;
    let table = this.#routes.get(name);
    if (table === undefined) {
      const compiled = key === undefined ? undefined : this.snapshot.routes?.[key];
      table = prepareRoutes(compiled ?? routesOfServices(this.snapshot, namespace));
      this.#routes.set(name, table);
    }
    return table;
  }

  /** The service of a full host name. */
  serviceByHost(host: string): ServiceSnapshot | null {
    return this.#byHost.get(host) ?? null;
  }

  service(id: string): ServiceSnapshot | null {
    return this.#services.get(id) ?? null;
  }

  /** Whether any service has this port: on others Istio has no HTTP listener at all. */
  servesPort(port: number): boolean {
    return this.#servedPorts.has(port);
  }

  /** The address of the service that a Host names, where services of that port have listeners of their own address. */
  ownAddress(host: string, port: number, callerNamespace: string): string | null {
    if (!this.#undeclaredPorts.has(port)) return null;
    return this.destinationByHost(host, port, callerNamespace)?.service.clusterIp ?? null;
  }

  /**
   * The service that a Host names, among those with `port` (SURPRISES 77, 78): its port is ignored, its case too,
   * a trailing dot is allowed, the short name only within the caller's own namespace.
   */
  destinationByHost(host: string, port: number, callerNamespace: string): Destination | null {
    const name = hostName(host);
    for (const service of this.snapshot.services) {
      const { name: short, namespace } = service;
      const qualified = `${short}.${namespace}`;
      const names = [qualified, `${qualified}.svc`, `${qualified}.svc.cluster.local`, service.clusterIp];
      if (!names.includes(name) && !(name === short && namespace === callerNamespace)) continue;
      const found = service.ports.find((candidate) => candidate.port === port);
      if (found) return { service, port: found };
    }
    return null;
  }

  /** Who a peer is, as far as the mesh knows it: by verified identity first, else by pod address. */
  peer(ip: string, port: number | null, spiffeId: string | null): PeerRef {
    const byIp = this.#byPodIp.get(ip) ?? null;
    const known =
      spiffeId === null
        ? byIp
        : byIp?.spiffeId === spiffeId
          ? byIp
          : (this.#bySpiffeId.get(spiffeId) ?? null);
    return {
      workload: known?.workload ?? null,
      namespace: known?.namespace ?? null,
      instance: byIp?.id ?? null,
      spiffeId,
      ip,
      port,
    };
  }
}

function operationsOf(document: unknown): Operations | null {
  if (document === undefined || document === null) return null;
  try {
    return compileOperations(document);
  } catch {
    // Told when the project was read; here it lets nothing through.
    return null;
  }
}

/** Host without port and trailing dot, lower-case. */
export function hostName(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith('[')) return lower.slice(1, Math.max(1, lower.indexOf(']')));
  const name = lower.replace(/:[0-9]*$/, '');
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** The port in a Host; null without one. */
export function hostPort(host: string): number | null {
  const match = /:([0-9]{1,5})$/.exec(host);
  return match === null ? null : Number(match[1]);
}
