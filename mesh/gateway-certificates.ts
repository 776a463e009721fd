/**
 * The certificates of a session's gateways: those of the project's files, and for names without files some that the
 * session's own root signs, for development only.
 */
import { EnvironmentError } from '../model/environment-error.ts';
import type { Mesh, MeshGateway } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { formatProblem } from '../model/problem.ts';
import { writtenGateways } from '../policy/gateway/gateway-ports.ts';
import { selectsGateway } from '../policy/gateway/read-gateway.ts';
import type { Authority } from './authority.ts';
import {
  type GatewayCredential,
  type GatewayCredentials,
  readGatewayCredentials,
} from './gateway-credentials.ts';
import type { IssuedLeaf } from './pki/leaf.ts';

/** Browsers take no longer ones; a session is over long before. */
const LIFE_MS = 397 * 24 * 60 * 60 * 1000;

/** A certificate of the session's root, and the names in it. */
interface Issued {
  dnsNames: readonly string[];
  leaf: IssuedLeaf;
}

export class GatewayCertificates {
  readonly #authority: Pick<Authority, 'issueServer'>;
  readonly #fromFiles: ReadonlyMap<string, GatewayCredentials>;
  /** By gateway, then by `credentialName`. */
  #issued: ReadonlyMap<string, ReadonlyMap<string, Issued>> = new Map();

  private constructor(
    authority: Pick<Authority, 'issueServer'>,
    fromFiles: ReadonlyMap<string, GatewayCredentials>,
  ) {
    this.#authority = authority;
    this.#fromFiles = fromFiles;
  }

  /** Reads the files; rejects where one isn't fit for use any more. */
  static async open(
    { gateways = [] }: Pick<Mesh, 'gateways'>,
    authority: Pick<Authority, 'issueServer'>,
  ): Promise<GatewayCertificates> {
    const { credentials, problems } = await readGatewayCredentials(gateways);
    if (problems.length > 0)
      throw new EnvironmentError('invalid-credentials', "a gateway's certificates can't be used", {
        lines: problems.map(formatProblem),
      });
    return new GatewayCertificates(authority, credentials);
  }

  /** All that the Gateways of `mesh` ask for, by gateway. What was issued stays while it has the names of all hosts. */
  async follow({
    gateways = [],
    policies,
  }: Pick<Mesh, 'gateways' | 'policies'>): Promise<ReadonlyMap<string, GatewayCredentials>> {
    const issued = new Map<string, ReadonlyMap<string, Issued>>();
    const shown = new Map<string, GatewayCredentials>();
    for (const gateway of gateways) {
      const fromFiles = this.#fromFiles.get(gateway.id) ?? {};
      const own = await this.#issue(gateway.id, missingCredentials(policies, gateway, fromFiles));
      issued.set(gateway.id, own);
      shown.set(gateway.id, { ...fromFiles, ...issuedCredentials(own, gateway) });
    }
    this.#issued = issued;
    return shown;
  }

  async #issue(
    gateway: string,
    missing: ReadonlyMap<string, readonly string[]>,
  ): Promise<ReadonlyMap<string, Issued>> {
    const issued = new Map<string, Issued>();
    for (const [name, hosts] of missing) {
      const before = this.#issued.get(gateway)?.get(name);
      if (before !== undefined && hosts.every((host) => before.dnsNames.includes(host))) {
        issued.set(name, before);
        continue;
      }
      const dnsNames = [...new Set(hosts)];
      issued.set(name, {
        dnsNames,
        leaf: await this.#authority.issueServer({ dnsNames, ttlMs: LIFE_MS }),
      });
    }
    return issued;
  }
}

function issuedCredentials(
  issued: ReadonlyMap<string, Issued>,
  { meshClients }: MeshGateway,
): GatewayCredentials {
  return Object.fromEntries(
    [...issued].map(([name, { leaf }]): [string, GatewayCredential] => [
      name,
      {
        certificateChainPem: leaf.certificateChainPem,
        privateKey: leaf.privateKey,
        clientRootsPem: meshClients.includes(name) ? 'mesh' : null,
      },
    ]),
  );
}

/** Hosts by `credentialName` that the gateway's servers ask for and no file brings. */
function missingCredentials(
  objects: readonly PolicyObject[],
  gateway: MeshGateway,
  fromFiles: Readonly<Record<string, unknown>>,
): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  for (const { object, spec } of writtenGateways(objects)) {
    if (!selectsGateway(spec.selector ?? {}, gateway)) continue;
    for (const { tls, hosts = [] } of spec.servers ?? []) {
      const name = tls?.['credentialName'];
      if (typeof name !== 'string' || name === '' || Object.hasOwn(fromFiles, name)) continue;
      const { namespace } = object.metadata;
      missing.set(name, [...(missing.get(name) ?? []), ...hosts.map((host) => dnsName(host, namespace))]);
    }
  }
  return missing;
}

function dnsName(host: string, namespace: string): string {
  const name = host.slice(host.indexOf('/') + 1);
  // For any name: nothing that a certificate could say; its owner's namespace tells whose it is.
  return name === '*' ? `any-host.${namespace}.invalid` : name;
}
