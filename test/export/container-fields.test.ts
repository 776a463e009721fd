import { describe, expect, it } from 'vitest';
import { containerFields, unexpanded } from '../../export/container-fields.ts';
import { workloadObjects } from '../../export/kubernetes-objects.ts';
import type { ContainerOptions } from '../../model/container.ts';
import type { Workload } from '../../model/mesh.ts';
import type { Problem } from '../../model/problem.ts';
import { testMesh } from '../support/docker-mesh.ts';

function workload(container: Partial<ContainerOptions>, ports: [number, number][] = [[80, 8080]]): Workload {
  const [only] = testMesh([{ name: 'web', image: 'acme/web:1', ports, container }]).workloads;
  if (!only) throw new Error('no workload');
  return only;
}

describe('a container in a cluster', () => {
  it('loses by name what only this machine has', () => {
    const { lost } = containerFields(
      workload({
        user: 'postgres',
        files: [
          { target: '/run/secrets/s', from: { kind: 'text', text: 'hush' }, uid: 0, gid: 0, mode: 0o444 },
        ],
        mounts: [
          { kind: 'bind', source: '/home/me/conf', target: '/etc/conf', access: 'read-only' },
          { kind: 'volume', name: 'data', target: '/data', access: 'read-write', copied: 'at-first' },
        ],
      }),
    );
    expect(lost).toEqual([
      'the mount of /home/me/conf at /etc/conf',
      'that the data of volume data stays',
      'the file /run/secrets/s',
      'the user postgres: a cluster takes numbers',
    ]);
  });

  it('has command and arguments, check, limits and rights', () => {
    const { container, pod } = containerFields(
      workload({
        entrypoint: ['/run'],
        command: ['-v'],
        workingDirectory: '/w',
        user: '5:6',
        filesystem: 'read-only',
        securityOptions: ['no-new-privileges:true'],
        capabilitiesDropped: ['ALL'],
        capabilitiesAdded: ['CHOWN'],
        stopGraceMs: 1500,
        limits: { memory: 1024, processors: 0.5 },
        healthcheck: {
          test: ['CMD-SHELL', 'ok'],
          intervalMs: 500,
          timeoutMs: 2000,
          retries: 3,
          startPeriodMs: 4000,
        },
        mounts: [{ kind: 'tmpfs', target: '/tmp', options: '' }],
      }),
    );
    expect(container).toEqual({
      command: ['/run'],
      args: ['-v'],
      workingDir: '/w',
      readinessProbe: {
        exec: { command: ['sh', '-c', 'ok'] },
        initialDelaySeconds: 4,
        periodSeconds: 1,
        timeoutSeconds: 2,
        failureThreshold: 3,
      },
      resources: { limits: { memory: '1024', cpu: '500m' } },
      securityContext: {
        runAsUser: 5,
        runAsGroup: 6,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { add: ['CHOWN'], drop: ['ALL'] },
      },
      volumeMounts: [{ name: 'volume-0', mountPath: '/tmp' }],
    });
    expect(pod).toEqual({ terminationGracePeriodSeconds: 2, volumes: [{ name: 'volume-0', emptyDir: {} }] });
  });

  it('that runs to its end is a Job, and one without ports has no Service', () => {
    const problems: Problem[] = [];
    const kinds = (some: Partial<ContainerOptions>) =>
      workloadObjects(workload(some, []), problems).map(({ kind }) => kind);
    expect(kinds({ runsToCompletion: true })).toEqual(['ServiceAccount', 'Job']);
    expect(kinds({})).toEqual(['ServiceAccount', 'Deployment']);
    expect(problems).toEqual([]);
  });

  it('is told of what it lost at the line of its service', () => {
    const problems: Problem[] = [];
    workloadObjects(workload({ user: 'redis' }), problems);
    expect(problems).toMatchObject([
      {
        code: 'lost-in-export',
        message: 'web: not exported: the user redis: a cluster takes numbers',
        at: { line: 1 },
      },
    ]);
  });
});

describe('a word of a command', () => {
  it.each([
    ['$(date)', '$$(date)'],
    ['$$(date)', '$$$$(date)'],
    ['pid $$', 'pid $$$'],
    ['$HOME costs $5', '$HOME costs $5'],
  ])('%s stays what it is where a kubelet expands it: %s', (word, told) => {
    expect(unexpanded(word)).toBe(told);
    expect(expandedByKubelet(told)).toBe(word);
    const { container } = containerFields(workload({ entrypoint: [word], command: [word] }));
    expect(container).toMatchObject({ command: [told], args: [told] });
  });
});

/** Without variables: `$$` is a dollar, `$(NAME)` would be one (Kubernetes, third_party/forked/golang/expansion). */
function expandedByKubelet(text: string): string {
  return text.replaceAll(/\$\$|\$\([^)]*\)/g, (found) => (found === '$$' ? '$' : 'expanded'));
}
