/** Which runtime a command gets: what the user said, or what the project and the machine allow. */
import { EnvironmentError } from '../model/environment-error.ts';
import type { Mesh, Workload } from '../model/mesh.ts';
import { createDockerRuntime } from '../mesh/runtimes/docker/docker-runtime.ts';
import { probeDocker } from '../mesh/runtimes/docker/probe.ts';
import type { RuntimeFactory } from '../mesh/runtimes/runtime.ts';
import type { DriverChoice, RuntimeChoice } from './options.ts';

function runsAsProcess(workload: Workload): boolean {
  return workload.run.command !== null || workload.run.attach !== null;
}

function namesOf(workloads: readonly Workload[]): string {
  return workloads.map(({ id }) => id).join(', ');
}

function runsInDocker(workload: Workload): boolean {
  return workload.run.image !== null || workload.run.build !== null;
}

/**
 * `auto` takes docker only where an engine answers and every service names an image or a build.
 * @throws EnvironmentError `no-engine` where docker is needed and missing, `no-command` where a service has no process
 */
export async function chooseRuntime(
  choice: RuntimeChoice,
  driver: DriverChoice,
  mesh: Mesh,
): Promise<'process' | RuntimeFactory> {
  const dockerOnly = mesh.workloads.filter((workload) => !runsAsProcess(workload));
  // Those that are attached run in neither.
  const started = mesh.workloads.filter(({ run }) => run.attach === null);
  const containers = started.length > 0 && started.every(runsInDocker);
  const wanted = choice === 'auto' ? (dockerOnly.length > 0 || containers ? 'docker' : 'process') : choice;
  if (wanted === 'process') {
    if (dockerOnly.length === 0) return 'process';
    throw new EnvironmentError(
      'no-command',
      `there is no command to run as a process for ${namesOf(dockerOnly)}`,
      {
        hint: 'give each a `command:` in greenroom.yaml (that of a Compose file is the container’s), or use --runtime docker',
      },
    );
  }
  const probe = await probeDocker();
  if (probe.available) return dockerRuntime(driver);
  if (choice === 'auto' && dockerOnly.length === 0) return 'process';
  const who = dockerOnly.length > 0 ? `only Docker can run ${namesOf(dockerOnly)}` : 'Docker was asked for';
  throw new EnvironmentError('no-engine', `${who}, and it can't be used: ${probe.reason}`, {
    hint: 'a service with a `command:` in greenroom.yaml can run as a process; `greenroom doctor` tells more',
  });
}

/** The image of the relay may be one that the user named. */
function dockerRuntime(driver: DriverChoice): RuntimeFactory {
  const relayImage = process.env['GREENROOM_RELAY_IMAGE'];
  return (context) =>
    createDockerRuntime(context, {
      ...(driver === 'auto' ? {} : { driver }),
      ...(relayImage ? { relayImage } : {}),
    });
}
