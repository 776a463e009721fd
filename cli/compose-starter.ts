/** The greenroom.yaml that `init` writes beside a Compose file. Pure: what was guessed -> text. */
import type { GuessedGateway } from '../model/compose/guess-gateways.ts';
import type { GuessedPort } from '../model/compose/guess-ports.ts';
import type { ComposeService } from '../model/compose/translate-service.ts';

export interface ComposeStarter {
  meshName: string;
  /** As written in the project file, relative to it. */
  composeFiles: readonly string[];
  /** Whether a folder `policies` is there already. */
  policies: 'present' | 'absent';
  services: readonly ComposeService[];
  ports: ReadonlyMap<string, readonly GuessedPort[]>;
  gateways: readonly GuessedGateway[];
}

/** The text, each guess with its reason beside it. */
export function renderStarter(starter: ComposeStarter): string {
  const { composeFiles } = starter;
  const compose =
    composeFiles.length === 1 ? word(composeFiles[0] ?? '') : `[${composeFiles.map(word).join(', ')}]`;
  return [
    `# Written by greenroom init. Services come from ${composeFiles.join(' and ')}; what is written here goes before.`,
    'apiVersion: greenroom.dev/v1',
    'kind: Mesh',
    `metadata: { name: ${word(starter.meshName)} }`,
    'spec:',
    `  namespace: ${word(starter.meshName)}`,
    `  compose: ${compose}`,
    '  services:',
    ...starter.services.flatMap((service) => serviceLines(service, starter.ports.get(service.name) ?? [])),
    ...(starter.gateways.length > 0 ? ['  gateways:', ...starter.gateways.flatMap(gatewayLines)] : []),
    ...(starter.policies === 'present' ? ['  policies: [./policies]'] : []),
    '',
  ].join('\n');
}

function serviceLines({ name }: ComposeService, ports: readonly GuessedPort[]): string[] {
  const portLines = ports.map(
    ({ port, name: portName, why }) => `        - { name: ${word(portName)}, port: ${port} } # ${why}`,
  );
  return [
    `    ${word(name)}:`,
    `      serviceAccount: ${word(name)}`,
    ...(portLines.length === 0 ? [] : ['      ports:', ...portLines]),
  ];
}

function gatewayLines({
  name,
  namespace,
  serviceAccount,
  labels,
  listen,
  clientCredentials,
}: GuessedGateway): string[] {
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const ports = Object.entries(listen).map(([port, own]) => `"${port}": ${own}`);
  return [
    `    ${word(name)}: # selected by a Gateway`,
    ...(namespace === null ? [] : [`      namespace: ${word(namespace)}`]),
    ...(serviceAccount === null ? [] : [`      serviceAccount: ${word(serviceAccount)}`]),
    `      labels: { ${pairs.join(', ')} }`,
    ...(ports.length === 0 ? [] : [`      listen: { ${ports.join(', ')} }`]),
    ...(clientCredentials.length === 0
      ? []
      : [
          '      credentials: # for development; else { certificate: …, key: …, ca: … }',
          ...clientCredentials.map((credential) => `        ${word(credential)}: { clientAuthority: mesh }`),
        ]),
  ];
}

/** A YAML word, in quotes where YAML could read something else. */
function word(text: string): string {
  return /^[a-z./][\w./-]*$/i.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** What `init` says of its guesses, a line each. */
export function guessLines({ services, ports, gateways }: ComposeStarter): string[] {
  const doors = gateways.map(gatewayLine);
  return services
    .map(({ name }) => {
      const guessed = (ports.get(name) ?? []).map(
        ({ port, name: portName, why }) => `${portName} ${port} (${why})`,
      );
      return `  ${name}: account ${name}; ${guessed.length === 0 ? 'no port' : guessed.join(', ')}`;
    })
    .concat(doors);
}

/** What is said of a guessed gateway. */
export function gatewayLine({ name, listen, inPlaceOf, clientCredentials }: GuessedGateway): string {
  const at = Object.entries(listen).map(
    ([port, own]) => `; port ${port} at 127.0.0.1:${own}, in place of ${inPlaceOf}`,
  );
  const clients =
    clientCredentials.length === 0
      ? ''
      : `; for development, clients of ${clientCredentials.join(', ')} show certificates of the mesh`;
  return `  ${name}: a gateway, selected by a Gateway${at.join('')}${clients}`;
}
