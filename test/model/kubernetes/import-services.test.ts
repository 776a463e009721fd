import { describe, expect, it } from 'vitest';
import { importServices } from '../../../model/kubernetes/import-services.ts';
import { readClusterObjects } from '../../../model/kubernetes/objects.ts';
import { formatProblem } from '../../../model/problem.ts';

function imported(yaml: string) {
  const { value, problems } = importServices(readClusterObjects(yaml, 'all.yaml'), 'default');
  return { services: value, problems: problems.map(formatProblem) };
}

/** A Deployment of one container; `pod` and `container` are further lines of YAML in flow style. */
function deployment(name: string, { container = '', pod = '', namespace = 'shop' } = {}): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  template:
    metadata: { labels: { app: ${name} } }
    spec: { ${pod} containers: [{ name: main, image: "acme/${name}:1", ${container} }] }
---
`;
}
const service = (name: string, ports: string, selector = `app: ${name}`): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { selector: { ${selector} }, ports: [${ports}] }\n---\n`;

describe("a stream that can't be imported", () => {
  it('is a template, or no YAML: refused with the line', () => {
    expect(imported('kind: Deployment\nname: {{ .Values.name }}\nx: {{ y }}: z\n').problems[0]).toMatch(
      /^all.yaml:2:7: error needs-rendering/,
    );
    expect(imported('kind: [\n').problems[0]).toMatch(/^all.yaml:2:1: error yaml-syntax/);
  });

  it('has a Deployment without containers: refused with the field and its line', () => {
    const yaml =
      'kind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    spec:\n      containers: []\n';
    expect(imported(yaml)).toEqual({
      services: null,
      problems: [
        'all.yaml:6:7: error invalid-value: spec.template.spec.containers: too small: expected array to have >=1 items',
      ],
    });
  });

  it("has one name in two namespaces, which a Compose file can't hold", () => {
    const { services, problems } = imported(deployment('web') + deployment('web', { namespace: 'other' }));
    expect(services).toBeNull();
    expect(problems.at(-1)).toMatch(
      /^all.yaml:9:1: error duplicate-service: two services are called web, in shop and in other/,
    );
  });
});

describe('what has no place here', () => {
  it.each([
    ['a container beside', { pod: '', container: '' }, null],
    [
      'an init container',
      { pod: 'initContainers: [{ name: i, image: x }],' },
      'initContainers has no effect',
    ],
    ["the host's network", { pod: 'hostNetwork: true,' }, 'hostNetwork has no effect'],
    ['privileges', { container: 'securityContext: { privileged: true }' }, "privileged isn't granted"],
    ['a hook', { container: 'lifecycle: { preStop: {} }' }, 'lifecycle has no effect'],
    [
      'a variable of a Secret',
      { container: 'env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: s, key: k } } }]' },
      "TOKEN isn't set",
    ],
    [
      "a ConfigMap that isn't there",
      { container: 'envFrom: [{ configMapRef: { name: gone } }]' },
      "this source of variables isn't in the file",
    ],
    [
      'a claimed volume',
      { container: 'volumeMounts: [{ name: d, mountPath: /data }]' },
      'nothing is mounted at /data',
    ],
    [
      'a ConfigMap of which a volume chooses',
      {
        pod: 'volumes: [{ name: c, configMap: { name: cm, items: [{ key: k, path: p }] } }],',
        container: 'volumeMounts: [{ name: c, mountPath: /c }, { name: c, mountPath: /d }]',
        after: 'kind: ConfigMap\nmetadata: { name: cm, namespace: shop }\ndata: { k: v }\n',
      },
      "items of the volume c aren't followed: each key of the ConfigMap is a file of its own name",
    ],
  ])('%s is told with its line', (_, more, told) => {
    const { problems } = imported(deployment('web', more) + ('after' in more ? more.after : ''));
    expect(problems).toEqual(
      told === null
        ? []
        : [expect.stringMatching(new RegExp(`^all.yaml:7:\\d+: warning import-lost: web: ${told}`))],
    );
  });

  it("a second container is told, Istio's own is not", () => {
    const yaml = deployment('web')
      .replace('containers: [', 'containers: [{ name: istio-proxy, image: p }, ')
      .replace(' }]', ' }, { name: logs, image: l }]');
    const { services, problems } = imported(yaml);
    expect(services?.[0]?.container.image).toBe('acme/web:1');
    expect(problems).toEqual([
      expect.stringContaining("web: container logs isn't run: a service is one container"),
    ]);
  });

  it('a job, a second Service, one that selects nothing, and ports of UDP', () => {
    const yaml = `kind: Job\nmetadata: { name: once }\n---\n${deployment('web')}${service('web', '{ port: 53, protocol: UDP }, { port: 80, targetPort: gone }')}${service('alias', '{ port: 80 }', 'app: web')}${service('lonely', '{ port: 80 }', 'app: nobody')}`;
    expect(imported(yaml).problems.map((problem) => problem.replace(/^all.yaml:\d+:\d+: /, ''))).toEqual([
      "warning import-lost: this Job isn't imported: services run as long as the mesh does",
      "warning import-lost: Service alias isn't imported: web leads to the same pods already, and a workload has one name here",
      "warning import-lost: Service lonely isn't imported: nothing in this file is what it selects",
      "warning import-lost: Service web: port 53 isn't imported: the mesh carries TCP",
      "warning import-lost: Service web: port 80 isn't imported: no container has a port called gone",
    ]);
  });
});

describe('a Deployment with its Service', () => {
  it('is a service with the account, labels, replicas and ports that the cluster gives it', () => {
    const yaml =
      deployment('web-v1', {
        pod: 'serviceAccountName: web-sa,',
        container: 'ports: [{ name: api, containerPort: 8080 }]',
      }).replace('spec:\n', 'spec:\n  replicas: 3\n') +
      service(
        'web',
        '{ name: http, port: 80, targetPort: api }, { name: x, port: 81, appProtocol: grpc }',
        'app: web-v1',
      );
    expect(imported(yaml)).toEqual({
      problems: [],
      services: [
        {
          name: 'web',
          namespace: 'shop',
          serviceAccount: 'web-sa',
          labels: { app: 'web-v1' },
          replicas: 3,
          ports: [
            { name: 'http', port: 80, targetPort: 8080 },
            { name: 'x', port: 81, appProtocol: 'grpc' },
          ],
          container: { image: 'acme/web-v1:1', environment: {}, tmpfs: [], files: [] },
        },
      ],
    });
  });

  it('without a Service has no port, and the account that Kubernetes gives', () => {
    expect(imported(deployment('worker')).services).toMatchObject([
      { name: 'worker', ports: [], serviceAccount: 'default' },
    ]);
  });

  it('runs what its container says', () => {
    const container =
      'command: [run], args: [a], workingDir: /w, env: [{ name: A, value: "1" }, { name: B, value: "$(A)-$(NOPE)" }, { name: C, valueFrom: { configMapKeyRef: { name: cm, key: k } } }], envFrom: [{ prefix: P_, configMapRef: { name: cm } }], volumeMounts: [{ name: c, mountPath: /etc/c }, { name: c, mountPath: /one, subPath: k }, { name: t, mountPath: /tmp }], securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }';
    const pod =
      'securityContext: { runAsUser: 5, runAsGroup: 6 }, terminationGracePeriodSeconds: 7, volumes: [{ name: c, configMap: { name: cm } }, { name: t, emptyDir: {} }],';
    const yaml = `${deployment('web', { container, pod })}kind: ConfigMap\nmetadata: { name: cm, namespace: shop }\ndata: { k: v }\n`;
    expect(imported(yaml)).toMatchObject({
      problems: [],
      services: [
        {
          container: {
            entrypoint: ['run'],
            command: ['a'],
            working_dir: '/w',
            user: '5:6',
            read_only: true,
            cap_drop: ['ALL'],
            stop_grace_period: '7s',
            environment: { P_k: 'v', A: '1', B: '1-$(NOPE)', C: 'v' },
            tmpfs: ['/tmp'],
            files: [
              { target: '/etc/c/k', text: 'v' },
              { target: '/one', text: 'v' },
            ],
          },
        },
      ],
    });
  });

  it('mounts what a subPathExpr leads to, and tells where it leads nowhere', () => {
    const mounted = (subPathExpr: string) => {
      const container = `env: [{ name: K, value: k }], volumeMounts: [{ name: c, mountPath: /one, subPathExpr: ${JSON.stringify(subPathExpr)} }]`;
      const pod = 'volumes: [{ name: c, configMap: { name: cm } }],';
      const yaml = `${deployment('web', { container, pod })}kind: ConfigMap\nmetadata: { name: cm, namespace: shop }\ndata: { k: v, other: w }\n`;
      const { services, problems } = imported(yaml);
      return [
        services?.[0]?.container?.files ?? [],
        problems.map((text) => text.slice(text.indexOf('web: '))),
      ];
    };
    expect(mounted('$(K)')).toEqual([[{ target: '/one', text: 'v' }], []]);
    expect(mounted('other')).toEqual([[{ target: '/one', text: 'w' }], []]);
    for (const nowhere of ['$(GONE)', '$$(K)', 'toString'])
      expect(mounted(nowhere)).toEqual([
        [],
        ['web: nothing is mounted at /one: only ConfigMaps of this file and emptyDir are'],
      ]);
  });

  describe('has variables in its words, as Kubernetes expands them:', () => {
    const run = (container: string, data = '{}') =>
      imported(
        `${deployment('web', { container })}kind: ConfigMap\nmetadata: { name: cm, namespace: shop }\ndata: ${data}\n`,
      ).services?.[0]?.container;

    it.each([
      ['$(PORT)', '8080'],
      ['--port=$(PORT)', '--port=8080'],
      ['$(PORT)$(PORT)', '80808080'],
      ['$(LATER)', 'z'],
      ['$(P_k)', 'v'],
      ['$$(PORT)', '$(PORT)'],
      ['$$$(PORT)', '$8080'],
      ['$$$$(PORT)', '$$(PORT)'],
      ['5$$', '5$'],
      ['$(GONE)', '$(GONE)'],
      ['$(toString)', '$(toString)'],
      ['$()', '$()'],
      ['$(PORT', '$(PORT'],
      ['$PORT ${PORT} $', '$PORT ${PORT} $'],
      ['$(REF)', '$(PORT)'],
    ])('%s in a command and its arguments is %s', (written, meant) => {
      const container = run(
        `command: [sh, ${JSON.stringify(written)}], args: [${JSON.stringify(written)}], envFrom: [{ prefix: P_, configMapRef: { name: cm } }], env: [{ name: PORT, value: "8080" }, { name: REF, value: "$$(PORT)" }, { name: LATER, value: z }]`,
        '{ k: v }',
      );
      expect(container).toMatchObject({ entrypoint: ['sh', meant], command: [meant] });
    });

    it('a variable sees those before it, an escape is undone, and what a ConfigMap says stays as it is', () => {
      const container = run(
        'env: [{ name: A, value: "$(B)" }, { name: B, value: b }, { name: C, value: "$$(B) $(B)" }, { name: D, valueFrom: { configMapKeyRef: { name: cm, key: k } } }]',
        '{ k: "$(B) $$" }',
      );
      expect(container?.environment).toEqual({ A: '$(B)', B: 'b', C: '$(B) b', D: '$(B) $$' });
    });
  });

  it('is found in a List of kubectl, without the ReplicaSet that it made', () => {
    const item = (kind: string, owner: string): string =>
      `- kind: ${kind}\n  metadata: { name: web, namespace: shop${owner} }\n  spec: { template: { spec: { containers: [{ name: m, image: i }] } } }\n`;
    const yaml = `apiVersion: v1\nkind: List\nitems:\n${item('Deployment', '')}${item('ReplicaSet', ', ownerReferences: [{}]')}`;
    expect(imported(yaml).services?.map(({ name }) => name)).toEqual(['web']);
  });
});
