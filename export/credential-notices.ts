/** What a cluster needs and no manifest has: keys are nobody's to copy. The objects that name them leave as written. */
import type { CredentialFiles, Mesh, MeshGateway, SecretFiles } from '../model/mesh.ts';
import type { Problem } from '../model/problem.ts';

/** Each secret and file of every gateway and sidecar, and how it gets into the cluster. */
export function credentialNotices({
  workloads,
  gateways = [],
}: Pick<Mesh, 'workloads' | 'gateways'>): Problem[] {
  return [
    ...gateways.flatMap(gatewayNotices),
    ...workloads.flatMap(({ name, namespace, serviceAccount, clientCredentials }) => {
      const { secrets = {}, mounted = {} } = clientCredentials ?? {};
      const allowed = `, and let service account ${serviceAccount} list the secrets of namespace ${namespace}`;
      const whose = `service ${namespace}/${name}`;
      return [
        ...Object.entries(secrets).map(([secret, files]) =>
          notice(
            `credential ${secret} of ${whose} is a secret`,
            secretCommand(namespace, secret, files) + allowed,
          ),
        ),
        ...mountNotices(whose, mounted),
      ];
    }),
  ];
}

function gatewayNotices({ name, namespace, credentials, clientCredentials }: MeshGateway): Problem[] {
  const whose = `gateway ${namespace}/${name}`;
  const secrets = { ...clientCredentials?.secrets, ...mapped(credentials) };
  return [
    ...Object.entries(secrets).map(([secret, files]) =>
      notice(`credential ${secret} of ${whose} is a secret`, secretCommand(namespace, secret, files)),
    ),
    ...mountNotices(whose, clientCredentials?.mounted ?? {}),
  ];
}

function mapped(credentials: Readonly<Record<string, CredentialFiles>>): Record<string, SecretFiles> {
  return Object.fromEntries(
    Object.entries(credentials).map(([name, { certificate, key, ca, at }]) => [
      name,
      { pair: { certificate, key }, ca, at },
    ]),
  );
}

function mountNotices(whose: string, mounted: Readonly<Record<string, unknown>>): Problem[] {
  return Object.keys(mounted).map((path) =>
    notice(
      `what stands at ${path} of ${whose} is a file of its proxy`,
      'mount a secret there with the annotations sidecar.istio.io/userVolume and sidecar.istio.io/userVolumeMount',
    ),
  );
}

function notice(what: string, hint: string): Problem {
  const message = `${what} that isn't exported`;
  return { code: 'credential-apart', severity: 'notice', message, hint };
}

function secretCommand(namespace: string, name: string, { pair, ca }: SecretFiles): string {
  const create = `kubectl create -n ${namespace} secret`;
  if (ca === null) return `${create} tls ${name} --cert=… --key=…`;
  const own = pair === null ? '' : ' --from-file=tls.crt=… --from-file=tls.key=…';
  return `${create} generic ${name}${own} --from-file=ca.crt=…`;
}
