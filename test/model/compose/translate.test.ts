import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../model/problem.ts';
import { translated } from '../../support/compose.ts';

const lines = (problems: readonly Parameters<typeof formatProblem>[0][]) => problems.map(formatProblem);

describe('a Compose file', () => {
  it('whose service names no image is refused, with the line', () => {
    const { services, problems } = translated(
      { services: { ai: { provider: { type: 'x' } } } },
      'services:\n  ai:\n    provider: { type: x }\n',
    );
    expect(services).toEqual([]);
    expect(lines(problems)).toEqual([
      "compose.yaml:2:3: error nothing-to-run: ai names neither image nor build\n  hint: a service of another provider can't be run here: leave it out by a profile",
    ]);
  });

  it('whose names meet as Kubernetes writes them is refused', () => {
    const { services, problems } = translated(
      { services: { a_b: { image: 'x' }, 'a.b': { image: 'x' } } },
      'services:\n  a_b: { image: x }\n  a.b: { image: x }\n',
    );
    expect(services).toEqual([]);
    expect(problems.find(({ code }) => code === 'compose-name')).toMatchObject({
      message: 'a.b and a_b would both be called a-b',
      at: { line: 3, column: 3 },
    });
  });

  it("that prints what this version can't read is refused, never half read", () => {
    const { problems } = translated({ services: { web: { image: 7 } } });
    expect(lines(problems)).toEqual([
      'compose.yaml:1:1: error compose-unreadable: docker compose config printed something unexpected: services.web.image: Invalid input: expected string, received number',
    ]);
  });

  it('gets no capability that could undo the containment, and the line of each', () => {
    const yaml = 'services:\n  web:\n    image: x\n    cap_add:\n      - SYS_TIME\n      - NET_ADMIN\n';
    const { services, problems } = translated(
      { services: { web: { image: 'x', cap_add: ['SYS_TIME', 'NET_ADMIN'] } } },
      yaml,
    );
    expect(services[0]?.container.capabilitiesAdded).toEqual(['SYS_TIME']);
    expect(lines(problems)).toEqual([
      'compose.yaml:6:9: warning compose-lost: web: cap_add NET_ADMIN has no effect: refused: with it a service could undo its containment',
    ]);
  });

  it.each([
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/run',
    '/var/run/',
    '/var',
    '/',
    '/run/podman/podman.sock',
    '/run/containerd/containerd.sock',
    '/var/run/docker/plugins',
    '/var/lib',
    '/var/lib/docker/volumes',
    '/proc',
    '/proc/1/root',
    '/sys/fs/cgroup',
    '/dev/mem',
  ])('gets no way to the engine by a mount of %s', (path) => {
    const { services, problems } = translated({
      services: { web: { image: 'x', volumes: [{ type: 'bind', source: path, target: '/x' }] } },
    });
    expect(services[0]?.container.mounts).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['compose-lost']);
  });

  it.each(
    ['/run/containerd/containerd.sock', '/proc', '/sys', '/var/lib/docker'].flatMap((file) => [
      ['secrets', file] as const,
      ['configs', file] as const,
    ]),
  )('gets no way to the engine by one of its %s that is %s', (kind, file) => {
    const { services, problems } = translated(
      { services: { web: { image: 'x', [kind]: [{ source: 'x' }] } }, [kind]: { x: { file } } },
      `services:\n  web:\n    image: x\n    ${kind}: [x]\n`,
    );
    expect(services[0]?.container.mounts).toEqual([]);
    expect(lines(problems)).toEqual([
      `compose.yaml:4:${kind.length + 8}: warning compose-lost: web: ${kind}.0 has no effect: with ${file} a service could reach the engine or the host, and undo its containment`,
    ]);
  });

  it.each([
    '/var/lib/data',
    '/run/app',
    '/home/me/run',
    '/variable',
    '/device',
    '/var/run/app',
    '/run/dockerized',
  ])('may mount %s', (path) => {
    const { services } = translated({
      services: { web: { image: 'x', volumes: [{ type: 'bind', source: path, target: '/x' }] } },
    });
    expect(services[0]?.container.mounts).toHaveLength(1);
  });

  it("gets an empty volume where it names somebody else's", () => {
    const { services, problems } = translated({
      services: { web: { image: 'x', volumes: [{ type: 'volume', source: 'prod', target: '/x' }] } },
      volumes: { prod: { name: 'prod', external: true } },
    });
    expect(services[0]?.container.mounts).toMatchObject([{ kind: 'volume', name: 'prod' }]);
    expect(problems.map(({ message }) => message)).toEqual([
      "web: volumes.0 has no effect: the volume prod isn't ours to use; the service gets an empty one",
    ]);
  });

  it('whose secret would be put into a read-only container loses it by name', () => {
    const { services, problems } = translated({
      services: { web: { image: 'x', read_only: true, secrets: [{ source: 's' }] } },
      secrets: { s: { environment: 'TOKEN' } },
    });
    expect(services[0]?.container.files).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      'web: secrets.0 has no effect: into a read_only container only files can be mounted',
    ]);
  });

  it('finds a lost key in the file that has the last word, else in what is extended', () => {
    const override = 'services:\n  web:\n    privileged: true\n';
    const base = 'services:\n  base:\n    image: x\n    tty: true\n  web:\n    extends: base\n';
    const { problems } = translated(
      { services: { web: { image: 'x', privileged: true, tty: true }, base: { image: 'x' } } },
      override,
      base,
    );
    expect(problems.map(({ message, at }) => `${at?.file}:${at?.line} ${message.split(' ')[1]}`)).toEqual([
      'compose.yaml:3 privileged',
      'compose-1.yaml:4 tty',
    ]);
  });

  it('says what has no effect beside its services', () => {
    const { problems } = translated(
      {
        services: { web: { image: 'x' } },
        networks: { default: {}, front: {} },
        volumes: { data: { name: 'd', driver: 'nfs' } },
        models: { m: {} },
        'x-mine': 1,
      },
      'services: { web: { image: x } }\nnetworks: { front: }\nvolumes: { data: { driver: nfs } }\nmodels: { m: {} }\n',
    );
    expect(problems.map(({ message, at }) => `${at?.line}: ${message.split(':')[0]}`)).toEqual([
      '4: models has no effect',
      '2: networks has no effect',
      '3: volumes.data.driver has no effect',
    ]);
  });

  it("keeps Compose's name of a renamed service as a name that callers may use", () => {
    const { services, problems } = translated({ services: { My_API: { image: 'x' } } });
    expect(services[0]).toMatchObject({ name: 'my-api', composeName: 'My_API', aliases: ['My_API'] });
    expect(problems).toMatchObject([{ code: 'compose-renamed', severity: 'notice' }]);
  });

  it('knows which service runs to its end: another waits for that', () => {
    const { services } = translated({
      services: {
        web: { image: 'x', depends_on: { migrate: { condition: 'service_completed_successfully' } } },
        migrate: { image: 'x' },
      },
    });
    expect(services.map(({ name, container }) => [name, container.runsToCompletion])).toEqual([
      ['web', false],
      ['migrate', true],
    ]);
  });

  it('has its dollars back, which the plugin doubles', () => {
    const { services } = translated({ services: { web: { image: 'x', command: ['echo $$HOME'] } } });
    expect(services[0]?.container.command).toEqual(['echo $HOME']);
  });
});
