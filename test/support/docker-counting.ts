/** An engine that does something at its n-th call that changes anything: interruptions at chosen places. */
import { connectEngine } from '../../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../../mesh/runtimes/docker/engine.ts';
import type { DockerRuntimeParts } from '../../mesh/runtimes/docker/docker-runtime.ts';

/** Parts of a runtime whose engine calls `then` when its `call`-th change begins. */
export function interruptedAt(call: number, then: () => void): DockerRuntimeParts {
  let calls = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls === call) then();
    return work();
  };
  return {
    async connect() {
      const engine = await connectEngine();
      const wrapped: Engine = {
        endpoint: engine.endpoint,
        facts: () => engine.facts(),
        silence: () => engine.silence(),
        brokenOff: (signal) => engine.brokenOff(signal),
        inspect: (id) => engine.inspect(id),
        hasImage: (reference) => engine.hasImage(reference),
        imageTaggedAt: (reference) => engine.imageTaggedAt(reference),
        pull: (request, sink) => engine.pull(request, sink),
        importImage: (tar, repository, tag, changes) => engine.importImage(tar, repository, tag, changes),
        networks: (label) => engine.networks(label),
        containers: (label) => engine.containers(label),
        usage: (id) => engine.usage(id),
        address: (id, network) => engine.address(id, network),
        exited: (id) => engine.exited(id),
        follow: (id, sink, since) => engine.follow(id, sink, since),
        health: (id) => engine.health(id),
        volumes: (label) => engine.volumes(label),
        removeVolume: (name) => engine.removeVolume(name),
        putArchive: (id, tar, folder) => counted(() => engine.putArchive(id, tar, folder)),
        createVolume: (spec) => counted(() => engine.createVolume(spec)),
        imageId: (reference) => engine.imageId(reference),
        removeNameless: (id) => engine.removeNameless(id),
        runIn: (id, command, as) => engine.runIn(id, command, as),
        exec: (id, request) => engine.exec(id, request),
        pauseContainer: (id) => engine.pauseContainer(id),
        unpauseContainer: (id) => engine.unpauseContainer(id),
        killContainer: (id, signal) => engine.killContainer(id, signal),
        stopContainer: (id, graceS) => engine.stopContainer(id, graceS),
        removeContainer: (id) => engine.removeContainer(id),
        removeNetwork: (id) => engine.removeNetwork(id),
        createNetwork: (spec) => counted(() => engine.createNetwork(spec)),
        createContainer: (spec) => counted(() => engine.createContainer(spec)),
        joinNetwork: (network, container, address) =>
          counted(() => engine.joinNetwork(network, container, address)),
        leaveNetwork: (network, container) => engine.leaveNetwork(network, container),
        execute: (id, command) => counted(() => engine.execute(id, command)),
        startContainer: (id) => counted(() => engine.startContainer(id)),
      };
      return wrapped;
    },
  };
}
