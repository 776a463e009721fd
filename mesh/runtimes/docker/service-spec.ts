/** What the engine is asked for a service's container, and the files that are put into it before it starts. */
import type { ContainerFile } from '../../../model/container.ts';
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { EgressPlan, RuntimeContext } from '../runtime.ts';
import { variableValues } from '../../variable-values.ts';
import { serviceEnvironment } from '../process/environment.ts';
import type { ContainerSpec, Labels } from './container-body.ts';
import type { Engine } from './engine.ts';
import { refuseHostMounts } from './host-mounts.ts';
import { engineName } from './names.ts';
import { isOfNetwork, type Pod } from './pod.ts';
import type { PodNetwork } from './pod-network.ts';
import { ofSession } from './session-volumes.ts';
import type { TarFile } from './tar.ts';

/** What a service's container is made of. */
export interface ServiceFacts {
  context: RuntimeContext;
  engine: Engine;
  network: PodNetwork;
  pod: Pod;
  image: string;
  egress: EgressPlan;
  containment: 'full' | 'partial';
  labels: Labels;
}

/** Without the right to change its pod's namespaces, whatever the project says. */
export function serviceSpec(request: ServiceFacts): ContainerSpec {
  const { context, engine, pod } = request;
  const { command, container } = pod.workload.run;
  const words = command ?? container?.command;
  const shared = {
    name: engineName(context.sessionId, pod.instance.id, 'service'),
    image: request.image,
    // Ours last: by them it is found again.
    labels: { ...container?.labels, ...request.labels },
    ...(words === undefined ? {} : { command: words }),
    environment: environmentOf(request),
    network: `container:${pod.holder}`,
    // With either of them it could undo the rules or speak past them.
    capabilitiesDropped: ['NET_ADMIN', 'NET_RAW'],
  };
  if (!container) return shared;
  refuseHostMounts(container.mounts, engine.endpoint.url, pod.workload.id);
  const sysctls = Object.entries(container.sysctls).filter(([name]) => !isOfNetwork(name));
  return {
    ...shared,
    capabilitiesDropped: [...shared.capabilitiesDropped, ...container.capabilitiesDropped],
    capabilitiesAdded: container.capabilitiesAdded,
    securityOptions: container.securityOptions,
    sysctls: Object.fromEntries(sysctls),
    ...(container.user ? { user: container.user } : {}),
    ...(container.filesystem ? { filesystem: container.filesystem } : {}),
    ...(container.platform ? { platform: container.platform } : {}),
    options: { ...container, mounts: container.mounts.map((mount) => ofSession(context.sessionId, mount)) },
  };
}

/** With what variables hold; those are read here and nowhere kept. */
export async function filesToPut(files: readonly ContainerFile[], workload: string): Promise<TarFile[]> {
  const variables = files.flatMap(({ from }) => (from.kind === 'environment' ? [from] : []));
  const values = await variableValues(variables);
  return files.map(({ target, from, ...rest }) => {
    const text = from.kind === 'text' ? from.text : values.get(from);
    if (text === undefined) {
      const variable = from.kind === 'environment' ? from.variable : '';
      throw new EnvironmentError(
        'secret-missing',
        `${workload} gets ${target} from ${variable}, which isn't set`,
        {
          hint: `export ${variable}=… before the start`,
        },
      );
    }
    return { path: target, content: Buffer.from(text), ...rest };
  });
}

/**
 * The same variables as in the process runtime, so that a service needs no second way of being told; here they
 * lead to a peer's name, and the rules lead from there to the sidecar. No HTTP proxy: every call is captured.
 */
function environmentOf({ context, pod, egress, containment }: ServiceFacts): Record<string, string> {
  const peers = egress.peers.map((peer) =>
    containment === 'full'
      ? { ...peer, listen: { host: `${peer.service}.${peer.namespace}`, port: peer.port } }
      : peer,
  );
  const ports = pod.workload.ports.map(({ targetPort }) => ({ port: targetPort, upstreamPort: targetPort }));
  const environment = serviceEnvironment({
    sessionId: context.sessionId,
    instance: pod.instance.id,
    workload: pod.workload,
    ports,
    egress: { httpProxy: null, peers },
    inherited: {},
  });
  // The process runtime finds its leftovers by this variable; those of a container are found by label.
  delete environment['GREENROOM_SESSION'];
  return environment;
}
