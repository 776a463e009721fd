/** Policies and requests for tests of policy/: YAML in, compiled and decided out. */
import { parsePolicyFile } from '../../model/policy-file.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { formatProblem } from '../../model/problem.ts';
import type { RequestFacts } from '../../model/request-facts.ts';
import { compilePolicies, type PolicyConfig } from '../../policy/compile.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { decide } from '../../policy/decide.ts';

/** The objects of a YAML text; a text that Istio's webhook would refuse is a mistake of the test. */
export function policies(yaml: string): PolicyObject[] {
  const parsed = parsePolicyFile(yaml, 'policies.yaml', {
    namespace: 'shop',
    ignore: [],
    refusedBy: 'webhook',
  });
  if (parsed.value === null) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.value;
}

/** An AuthorizationPolicy of namespace `shop`, of its spec alone. */
export function authorization(spec: string, name = 'p', namespace = 'shop'): string {
  const indented = spec.replace(/^/gm, '  ');
  return `---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${indented}\n`;
}

export const config: PolicyConfig = {
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
};
export const cart = { namespace: 'shop', labels: { app: 'cart' }, serviceAccount: 'cart' };

/** What applies to the sample workload `cart` at port 8080. */
export function compiled(yaml: string, protocol = 'http', over: Partial<PolicyConfig> = {}): CompiledPolicy {
  return compilePolicies(policies(yaml), cart, { port: 8080, protocol }, { ...config, ...over });
}

interface Wanted {
  principal?: string | null;
  sourceIp?: string;
  sni?: string | null;
  port?: number;
  method?: string;
  path?: string;
  rawPath?: string;
  host?: string;
  headers?: [string, string][];
  protocol?: 'http1' | 'http2' | 'grpc' | 'tcp';
}

/** A request of `sa/web` to `cart`, GET /. */
export function request(wanted: Wanted = {}): RequestFacts {
  const { principal = 'cluster.local/ns/shop/sa/web', path = '/', protocol = 'http1' } = wanted;
  return {
    connection: {
      sourceIp: wanted.sourceIp ?? '10.1.2.3',
      destinationIp: '10.0.1.20',
      destinationPort: wanted.port ?? 8080,
      principal,
      sni: wanted.sni ?? null,
      mtls: principal !== null,
    },
    http:
      protocol === 'tcp'
        ? null
        : {
            protocol,
            method: wanted.method ?? 'GET',
            path,
            rawPath: wanted.rawPath ?? path,
            host: wanted.host ?? 'cart.shop',
            headers: wanted.headers ?? [],
          },
  };
}

/** `allow` or `deny`, as `cart` would answer. */
export function verdict(
  yaml: string,
  wanted: Wanted = {},
  over: Partial<PolicyConfig> = {},
): 'allow' | 'deny' {
  const protocol = wanted.protocol === 'tcp' ? 'tcp' : 'http';
  return decide(compiled(yaml, protocol, over), request(wanted)).verdict;
}
