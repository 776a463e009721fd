import { describe, expect, it } from 'vitest';
import { passedBy } from '../../policy/could-pass.ts';
import { lintView } from '../../policy/lint-view.ts';
import { authorization, policies } from '../support/policies.ts';
import { sampleMesh, type SampleWorkload } from '../support/sample-mesh.ts';

const tcp = { name: 'tcp', port: 5432, targetPort: 5432, protocol: 'tcp' } as const;
const http = { name: 'http', port: 80, targetPort: 8080, protocol: 'http' } as const;

/** Workloads that could let `value` pass, beside the policies of `yaml`. */
function passing(
  yaml: string,
  value: string,
  attribute: 'request.path' | 'request.host' = 'request.path',
  samples: SampleWorkload[] = [{ name: 'cart' }],
): string[] {
  const view = lintView(sampleMesh(samples, { policies: policies(yaml) }));
  const rule = view.policies.flatMap(({ rules }) => rules)[0];
  if (!rule) throw new Error('no rule');
  return passedBy(rule, attribute, value).map(({ workload }) => workload.name);
}

function deny(operation: string): string {
  return authorization(`action: DENY\nrules: [{ to: [{ operation: ${operation} }] }]`, 'd');
}
function allow(operation: string): string {
  return authorization(`rules: [{ to: [{ operation: ${operation} }] }]`, 'a');
}

describe('a path could pass nowhere', () => {
  it.each([
    ['a DENY of it', deny('{ paths: [/admin] }'), '/admin'],
    ['a DENY of what it begins with', deny('{ paths: ["/admin*"] }'), '/admin/x'],
    ['a DENY of the very start, and nothing more', deny('{ paths: ["/admin*"] }'), '/admin'],
    ['a DENY of what it ends with', deny('{ paths: ["*.php"] }'), '/x.php'],
    ['a DENY of all but another path', deny('{ notPaths: [/public] }'), '/admin'],
    ['a DENY of some paths but others', deny('{ paths: ["/a*"], notPaths: ["*.css"] }'), '/admin'],
    ['a DENY that looks at no path', deny('{ methods: [GET] }'), '/admin'],
    ['a DENY that looks at nothing', authorization('action: DENY\nrules: [{}]'), '/admin'],
    ['an ALLOW of others only', deny('{ paths: [/x] }') + allow('{ paths: [/y] }'), '/admin'],
    ['an ALLOW without rules', deny('{ paths: [/x] }') + authorization('{}', 'none'), '/admin'],
  ])('beside %s', (_, yaml, path) => {
    expect(passing(yaml, path)).toEqual([]);
  });

  it('where no port speaks HTTP', () => {
    expect(
      passing(deny('{ ports: ["5432"] }'), '/admin', 'request.path', [{ name: 'db', ports: [tcp] }]),
    ).toEqual([]);
    expect(
      passing(deny('{ paths: [/x] }'), '/admin', 'request.path', [{ name: 'db', ports: [tcp] }]),
    ).toEqual([]);
  });
});

describe('a path could pass', () => {
  it.each([
    ['a DENY of another', deny('{ paths: [/admin, /x] }'), '/Admin'],
    ['a DENY of a longer start', deny('{ paths: ["/admin/*"] }'), '/admin'],
    ['a DENY of another end', deny('{ paths: ["*.php"] }'), '/x.css'],
    ['a DENY of all but it', deny('{ notPaths: [/public] }'), '/public'],
    ['a DENY of some paths but it', deny('{ paths: ["/a*"], notPaths: ["*.css"] }'), '/a.css'],
    ['a DENY of some hosts, and of another path there', deny('{ hosts: [a], paths: [/x] }'), '/admin'],
    ['an ALLOW of it', deny('{ paths: [/x] }') + allow('{ paths: [/y, "/admin*"] }'), '/admin'],
    ['an ALLOW that looks at no path', deny('{ paths: [/x] }') + allow('{ methods: [GET] }'), '/admin'],
    ['an AUDIT of it', deny('{ paths: [/x] }') + authorization('action: AUDIT\nrules: [{}]', 'w'), '/admin'],
    [
      'a DENY and an ALLOW that are only tried',
      deny('{ paths: [/x] }') +
        deny('{ paths: [/admin] }').replace(
          'name: d,',
          'name: e, annotations: { istio.io/dry-run: "true" },',
        ) +
        allow('{ paths: [/y] }').replace('name: a,', 'name: a, annotations: { istio.io/dry-run: "true" },'),
      '/admin',
    ],
  ])('beside %s', (_, yaml, path) => {
    expect(passing(yaml, path)).toEqual(['cart']);
  });

  it('at those workloads only that have an HTTP port, be it one of several', () => {
    const samples = [{ name: 'both', ports: [tcp, http] }, { name: 'db', ports: [tcp] }, { name: 'web' }];
    expect(passing(deny('{ paths: [/x] }'), '/admin', 'request.path', samples)).toEqual(['both', 'web']);
  });
});

it('tells hosts from paths', () => {
  const yaml = deny('{ hosts: [cart.shop], paths: [/admin] }');
  expect(passing(yaml, 'cart.shop', 'request.host')).toEqual([]);
  expect(passing(yaml, '/admin', 'request.host')).toEqual(['cart']);
  expect(passing(yaml, 'cart.shop', 'request.path')).toEqual(['cart']);
});
