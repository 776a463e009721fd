/**
 * One set of rules in three languages, and the requests that are asked of it. Rule i lets a client of a hundred call
 * GET on a path of service i: an exact one, or (every other rule) any below one. Each says the same in Istio's YAML
 * objects, in Cedar and in Rego.
 */
import type { PolicyObject } from '../model/policy-object.ts';
import type { RequestFacts } from '../model/request-facts.ts';

interface BenchRule {
  principal: string;
  /** Exact, or with `*` at its end. */
  path: string;
}

export interface AskedRequest {
  principal: string;
  method: string;
  path: string;
}

const CLIENTS = 100;

function ruleAt(index: number): BenchRule {
  return {
    principal: `cluster.local/ns/shop/sa/client-${index % CLIENTS}`,
    path: index % 2 === 0 ? `/service-${index}/orders` : `/service-${index}/items/*`,
  };
}

function rulesOf(count: number): BenchRule[] {
  return Array.from({ length: count }, (_, index) => ruleAt(index));
}

/** What only the last rule lets in. */
export function hitAtEnd(count: number): AskedRequest {
  const { principal, path } = ruleAt(count - 1);
  return { principal, method: 'GET', path: path.replace('*', '4711') };
}

/** What no rule lets in, although its client and method stand in many. */
export function missed(count: number): AskedRequest {
  return { ...hitAtEnd(count), path: '/service-x/orders/4711' };
}

/** A policy a rule, named so that Envoy's order is theirs. */
export function istioPolicies(count: number): PolicyObject[] {
  return rulesOf(count).map(({ principal, path }, index) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: {
      name: `allow-${String(index).padStart(6, '0')}`,
      namespace: 'shop',
      annotations: {},
      labels: {},
    },
    spec: {
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { principals: [principal] } }],
          to: [{ operation: { methods: ['GET'], paths: [path] } }],
        },
      ],
    },
    at: { file: 'bench.yaml', line: index + 1, column: 1 },
    positions: {},
  }));
}

/** The request as a sidecar of the workload `cart` judges it. */
export function factsOf({ principal, method, path }: AskedRequest): RequestFacts {
  const headers: [string, string][] = [
    ['user-agent', 'bench'],
    ['accept', '*/*'],
    ['x-request-id', '2f0d4a3c-9a1b-4a55-8b5e-7f1f3f9f7b11'],
  ];
  return {
    connection: {
      sourceIp: '10.244.0.7',
      destinationIp: '10.244.0.8',
      destinationPort: 8080,
      principal,
      sni: null,
      mtls: true,
    },
    http: { protocol: 'http1', method, path, rawPath: path, host: 'cart.shop', headers },
  };
}

export function cedarPolicies(count: number): string {
  return rulesOf(count)
    .map(({ principal, path }) => {
      const test = path.endsWith('*') ? `context.path like "${path}"` : `context.path == "${path}"`;
      return `permit(principal == Client::"${principal}", action == Action::"GET", resource == Workload::"cart") when { ${test} };`;
    })
    .join('\n');
}

export function regoPolicies(count: number): string {
  const rules = rulesOf(count).map(({ principal, path }) => {
    const test = path.endsWith('*')
      ? `startswith(input.path, "${path.slice(0, -1)}")`
      : `input.path == "${path}"`;
    return `allow if {\n\tinput.principal == "${principal}"\n\tinput.method == "GET"\n\t${test}\n}\n`;
  });
  return `package greenroom\n\nimport rego.v1\n\ndefault allow := false\n\n${rules.join('\n')}`;
}
