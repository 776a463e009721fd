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

/** Browsers take no longer ones; a session is over long before. */
const LIFE_MS = 397 * 24 * 60 * 60 * 1000;

export class GatewayCertificates {
  readonly #authority: Pick<Authority, 'issueServer'>;
  #shown: ReadonlyMap<string, GatewayCredentials>;

  private constructor(
    authority: Pick<Authority, 'issueServer'>,
    fromFiles: ReadonlyMap<string, GatewayCredentials>,
  ) {
    this.#authority = authority;
    this.#shown = fromFiles;
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

  /** All that the Gateways of `mesh` ask for, by gateway. What was issued once stays. */
  async follow({
    gateways = [],
    policies,
  }: Pick<Mesh, 'gateways' | 'policies'>): Promise<ReadonlyMap<string, GatewayCredentials>> {
    const shown = await Promise.all(
      gateways.map(async (gateway) => {
        const known = this.#shown.get(gateway.id) ?? {};
        return [gateway.id, { ...known, ...(await this.#issue(policies, gateway, known)) }] as const;
      }),
    );
    this.#shown = new Map(shown);
    return this.#shown;
  }

  async #issue(
    policies: readonly PolicyObject[],
    gateway: MeshGateway,
    known: GatewayCredentials,
  ): Promise<GatewayCredentials> {
    const issued: Record<string, GatewayCredential> = {};
    for (const [name, hosts] of missingCredentials(policies, gateway, known)) {
      const { certificateChainPem, privateKey } = await this.#authority.issueServer({
        dnsNames: [...new Set(hosts)],
        ttlMs: LIFE_MS,
      });
      issued[name] = {
        certificateChainPem,
        privateKey,
        clientRootsPem: gateway.meshClients.includes(name) ? 'mesh' : null,
      };
    }
    return issued;
  }
}

/** Hosts by `credentialName` that the gateway's servers ask for and `known` doesn't hold. */
function missingCredentials(
  objects: readonly PolicyObject[],
  gateway: MeshGateway,
  known: Readonly<Record<string, unknown>>,
): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  for (const { object, spec } of writtenGateways(objects)) {
    if (!selectsGateway(spec.selector ?? {}, gateway.labels)) continue;
    for (const { tls, hosts = [] } of spec.servers ?? []) {
      const name = tls?.['credentialName'];
      if (typeof name !== 'string' || name === '' || Object.hasOwn(known, name)) continue;
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
