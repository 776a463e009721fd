/** Policy files: what could change a verdict is read, or refused; it is never skipped in silence. */
import { describe, expect, it } from 'vitest';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { positionOf } from '../../model/policy-object.ts';
import { formatProblem } from '../../model/problem.ts';

const SECURITY = 'apiVersion: security.istio.io/v1\n';

function parse(text: string, more: { ignore?: string[]; file?: string } = {}) {
  return parsePolicyFile(text, more.file ?? 'p.yaml', { namespace: 'shop', ignore: more.ignore ?? [] });
}
const problemsOf = (text: string, more?: { ignore?: string[]; file?: string }): string[] =>
  parse(text, more).problems.map(formatProblem);

function authorization(spec: string): string {
  return `${SECURITY}kind: AuthorizationPolicy\nmetadata: { name: p }\nspec:\n${spec}`;
}

describe('a policy that the cluster would refuse', () => {
  it.each([
    [
      'a misspelt field',
      '  acton: DENY\n',
      'p.yaml:5:3: error unknown-key: unknown key "acton"\n  hint: did you mean action?',
    ],
    [
      'a misspelt field deep inside',
      '  rules:\n    - from:\n        - source: { principal: [a] }\n',
      'p.yaml:7:21: error unknown-key: unknown key "principal" in rules[0].from[0].source\n  hint: did you mean principals?',
    ],
    [
      'DENY without rules',
      '  action: DENY\n',
      'p.yaml:5:3: error rules-missing: a DENY policy without rules never applies, and Istio refuses it (spec.action)\n  hint: to match every request write `rules: [{}]`; to deny everything by default write `spec: {}`',
    ],
    [
      'an action in lower case',
      '  action: deny\n',
      'p.yaml:5:3: error invalid-value: action must be one of ALLOW, DENY, AUDIT, CUSTOM, not "deny"\n  hint: did you mean DENY?',
    ],
    [
      'a port that is a number',
      '  rules: [{ to: [{ operation: { ports: [8080] } }] }]\n',
      'p.yaml:5:41: error wrong-type: rules[0].to[0].operation.ports[0] must be a string, not 8080\n  hint: put it in quotes: "8080"',
    ],
    [
      'a bare yes, which Kubernetes reads as true',
      '  rules: [{ when: [{ key: "request.headers[x-canary]", values: [yes] }] }]\n',
      'p.yaml:5:65: error wrong-type: rules[0].when[0].values[0] must be a string, not true\n  hint: put it in quotes: "true"',
    ],
    [
      'an unknown condition',
      '  rules: [{ when: [{ key: "request.header[x]", values: [a] }] }]\n',
      'p.yaml:5:22: error unknown-condition: unknown condition key "request.header[x]": Istio would skip the whole rule (spec.rules[0].when[0].key)\n  hint: did you mean request.headers[…]?',
    ],
    [
      'an address that is none',
      '  rules: [{ from: [{ source: { ipBlocks: [10.0.0] } }] }]\n',
      'p.yaml:5:43: error invalid-ip: "10.0.0" is neither an address nor a CIDR block (spec.rules[0].from[0].source.ipBlocks[0])',
    ],
    [
      'an empty source',
      '  rules: [{ from: [{}] }]\n',
      'p.yaml:5:20: error empty-source: a source without any field is refused by Istio (spec.rules[0].from[0])\n  hint: to match every caller leave `from` out',
    ],
    [
      'a wildcard in a selector',
      '  selector: { matchLabels: { app: "*" } }\n',
      'p.yaml:5:30: error invalid-selector: a selector takes no wildcards (spec.selector.matchLabels.app)\n  hint: leave the selector out to select every workload of the namespace',
    ],
  ])('is refused here: %s', (_, spec, expected) => {
    expect(problemsOf(authorization(spec))[0]).toBe(expected);
  });

  it('is refused for fields that no object has', () => {
    expect(
      problemsOf(`${SECURITY}kind: PeerAuthentication\nmetadata: { name: p, namspace: x }\nsepc: {}\n`),
    ).toEqual([
      'p.yaml:3:22: error unknown-key: unknown key "namspace" in metadata\n  hint: did you mean namespace?',
      'p.yaml:4:1: error unknown-key: unknown key "sepc"\n  hint: did you mean spec?',
    ]);
  });

  it("is refused without a name, and in a version that isn't served", () => {
    expect(problemsOf(`${SECURITY}kind: PeerAuthentication\n`)[0]).toContain('metadata is missing');
    expect(
      problemsOf('apiVersion: security.istio.io/v1alpha1\nkind: PeerAuthentication\nmetadata: { name: p }\n'),
    ).toEqual([
      'p.yaml:1:1: error unknown-version: security.istio.io has no v1alpha1 that is served\n  hint: write security.istio.io/v1',
    ]);
  });
});

describe('kinds', () => {
  it.each([
    ['networking.istio.io/v1alpha3', 'EnvoyFilter', 'unsupported-kind'],
    ['extensions.istio.io/v1alpha1', 'WasmPlugin', 'unsupported-kind'],
    ['networking.istio.io/v1beta1', 'ProxyConfig', 'unsupported-kind'],
    ['networking.istio.io/v9', 'SomethingNew', 'unsupported-kind'],
    ['networking.k8s.io/v1', 'NetworkPolicy', 'unsupported-kind'],
    ['cilium.io/v2', 'CiliumNetworkPolicy', 'unsupported-kind'],
    ['gateway.networking.k8s.io/v1', 'BackendTLSPolicy', 'unsupported-kind'],
    ['security.istio.io/v1', 'AuthorizationPolcy', 'unsupported-kind'],
    ['security.istoi.io/v1', 'AuthorizationPolicy', 'unknown-kind'],
  ])('%s %s is an error, %s', (apiVersion, kind, code) => {
    const { value, problems } = parse(
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x }\nspec: {}\n`,
    );
    expect({ value, codes: problems.map((problem) => problem.code) }).toEqual({ value: null, codes: [code] });
  });

  it('that are ignored are left out with a warning', () => {
    expect(
      parse('apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\n', { ignore: ['EnvoyFilter'] }),
    ).toMatchObject({
      value: [],
      problems: [
        {
          code: 'ignored',
          severity: 'warning',
          message: '1 object left out because of spec.ignore: EnvoyFilter; in the cluster they count',
        },
      ],
    });
  });

  it("that can't change a verdict are one notice", () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\n---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: ConfigMap\n---\napiVersion: telemetry.istio.io/v1\nkind: Telemetry\n';
    expect(parse(text)).toMatchObject({
      value: [],
      problems: [
        {
          severity: 'notice',
          message: "4 objects can't change a verdict and stayed out: ConfigMap ×2, Deployment, Telemetry",
        },
      ],
    });
  });
});

describe('files that must be rendered first', () => {
  it.each([
    ['p.yaml', 'metadata:\n  name: {{ .Release.Name }}\n', '2:9', 'helm template'],
    ['p.yaml', '{{- if .Values.on }}\na: 1\n{{- end }}\n', '1:1', 'helm template'],
    ['x/kustomization.yaml', 'resources: [a.yaml]\n', '1:1', 'kubectl kustomize'],
    [
      'x.yaml',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
      '1:1',
      'kubectl kustomize',
    ],
  ])('%s: %j', (file, text, place, hint) => {
    const [problem] = parse(text, { file }).problems;
    expect(problem).toMatchObject({ code: 'needs-rendering', hint: expect.stringContaining(hint) });
    expect(`${problem?.at?.line}:${problem?.at?.column}`).toBe(place);
  });

  it("aren't those that hold a template in a string", () => {
    expect(parse('apiVersion: v1\nkind: ConfigMap\ndata: { rule: "{{ $labels.pod }}" }\n').value).toEqual([]);
  });
});

describe('a readable file', () => {
  it('gives every object of every document and List, with its places', () => {
    const text = `# first\n${SECURITY}kind: PeerAuthentication\nmetadata: { name: a, namespace: istio-system }\n---\napiVersion: v1\nkind: List\nitems:\n  - ${SECURITY.trim()}\n    kind: AuthorizationPolicy\n    metadata: { name: b }\n    spec:\n      rules:\n        - to: [{ operation: { paths: [/a, /b] } }]\n`;
    const { value, problems } = parse(text);
    expect(problems).toEqual([]);
    expect(
      value?.map(({ kind, metadata, at }) => [kind, metadata.namespace, metadata.name, at.line]),
    ).toEqual([
      ['PeerAuthentication', 'istio-system', 'a', 2],
      ['AuthorizationPolicy', 'shop', 'b', 9],
    ]);
    const second = value?.[1];
    expect(second && positionOf(second, ['spec', 'rules', 0, 'to', 0, 'operation', 'paths', 1])).toEqual({
      file: 'p.yaml',
      line: 14,
      column: 43,
    });
  });

  it('reads null as unset; a rule that is null only the webhook takes, as one that matches all', () => {
    const text = authorization('  selector: null\n  rules: [null]\n');
    expect(problemsOf(text)).toEqual(['p.yaml:6:11: error wrong-type: rules[0] must be a map, not empty']);
    const observed = parsePolicyFile(text, 'p.yaml', { namespace: 'shop', ignore: [], refusedBy: 'webhook' });
    expect(observed.value?.[0]?.spec).toEqual({ action: 'ALLOW', rules: [{}] });
    expect(observed.problems.map(({ severity }) => severity)).toEqual(['warning']);
    expect(parse(`${SECURITY}kind: AuthorizationPolicy\nmetadata: { name: p }\n`).value?.[0]?.spec).toEqual({
      action: 'ALLOW',
    });
  });

  it('may be empty, which is worth a warning', () => {
    expect(parse('\n# nothing\n')).toMatchObject({
      value: [],
      problems: [{ code: 'empty-file', severity: 'warning' }],
    });
  });
});
