/**
 * One ordinary request from outside, as a browser would make it: at the door of the service that nobody in the mesh
 * stands before. It goes to the application itself, whose own calls then travel through the mesh.
 */
import { get } from 'node:http';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Session } from '../mesh/session.ts';

const FRONT_DOORS = ['gateway', 'web', 'frontend', 'www', 'ui'];
const PATIENCE_MS = 10_000;

/**
 * Sends GET / to the front door and waits for the whole answer.
 * @throws EnvironmentError when there is no front door, or it doesn't answer
 */
export async function knockAtFrontDoor(session: Session): Promise<void> {
  const doors = session.mesh.workloads.filter((workload) =>
    workload.ports.some(({ protocol }) => protocol === 'http' || protocol === 'auto'),
  );
  const door = doors.find((workload) => FRONT_DOORS.includes(workload.name)) ?? doors[0];
  const instance = door?.instances[0];
  const port = door?.ports.find(({ protocol }) => protocol === 'http' || protocol === 'auto');
  const address = instance && port ? session.applicationAddress(instance.id, port.targetPort) : null;
  if (!door || !address)
    throw new EnvironmentError('no-front-door', 'no service with an HTTP port is running');
  await new Promise<void>((resolve, reject) => {
    const request = get(
      { host: address.host, port: address.port, path: '/', agent: false, timeout: PATIENCE_MS },
      (response) => {
        response.on('end', resolve).on('error', reject).resume();
      },
    );
    request.on('timeout', () =>
      request.destroy(
        new EnvironmentError('no-answer', `${door.name} did not answer within ${PATIENCE_MS / 1_000} s`),
      ),
    );
    request.on('error', reject);
  });
}
