/** Identities that the mesh doesn't have: another trust domain, a namespace or a service account nobody runs as. */
import { closest } from '../../model/closest.ts';
import type { Mesh } from '../../model/mesh.ts';
import type { Severity } from '../../model/problem.ts';
import type { Finding, Lint } from '../lint.ts';
import { inEveryClause } from '../lint-clauses.ts';
import { type LintedRule, listed, quoted, severityOfNever } from '../lint-view.ts';
import { clauseName, fieldOf, type WrittenClause } from '../written-clauses.ts';

export const unknownIdentity: Lint = {
  code: 'unknown-identity',
  summary: 'A rule names a trust domain, namespace or service account that the mesh does not have',
  check: ({ mesh, policies }) => inEveryClause(policies, (rule, clause) => unknown(rule, clause, mesh)),
};

interface Stranger {
  why: string;
  hint: string;
  severity: Severity;
}

function unknown(rule: LintedRule, clause: WrittenClause, mesh: Mesh): Finding[] {
  const field = fieldOf(clause);
  return clause.values.flatMap(({ text, at }): Finding[] => {
    if (text.includes('*')) return [];
    const stranger = strangerIn(field, text, rule, mesh);
    if (stranger === null) return [];
    const { why, ...rest } = stranger;
    return [{ ...rest, message: `${rule.name}: ${clauseName(clause)} ${quoted(text)}: ${why}`, at }];
  });
}

function strangerIn(field: string, text: string, rule: LintedRule, mesh: Mesh): Stranger | null {
  switch (field) {
    case 'principals': {
      const [domain = '', ns, namespace = '', sa, account = '', more] = text.split('/');
      if (ns !== 'ns' || sa !== 'sa' || more !== undefined) return null;
      return (
        (domain === 'cluster.local' ? null : foreignDomain(domain, rule, mesh)) ??
        unknownAccount(namespace, account, rule, mesh)
      );
    }
    case 'trustDomains':
      return foreignDomain(text, rule, mesh);
    case 'namespaces':
      return unknownNamespace(text, mesh);
    case 'serviceAccounts': {
      const [first = '', second] = text.split('/');
      return second === undefined
        ? unknownAccount(rule.policy.object.metadata.namespace, first, rule, mesh)
        : unknownAccount(first, second, rule, mesh);
    }
    default:
      return null;
  }
}

/** Of another domain no caller gets through the handshake. */
function foreignDomain(domain: string, rule: LintedRule, { config }: Mesh): Stranger | null {
  const known = [config.trustDomain, ...config.trustDomainAliases];
  if (known.includes(domain)) return null;
  return {
    severity: severityOfNever(rule) === 'notice' ? 'notice' : 'warning',
    why: `trust domain ${domain} is not the mesh's: its certificates are refused in the handshake, before any rule`,
    hint: `the mesh's: ${known.join(', ')}; others are added under meshConfig.trustDomainAliases`,
  };
}

/** Whoever has an identity of the mesh: gateways, too. */
function everybody({ workloads, gateways = [] }: Mesh): { namespace: string; serviceAccount: string }[] {
  return [...workloads, ...gateways];
}

function unknownNamespace(namespace: string, mesh: Mesh): Stranger | null {
  const known = [...new Set(everybody(mesh).map((one) => one.namespace))];
  if (known.includes(namespace)) return null;
  const near = closest(namespace, known);
  return {
    // It may live in the cluster and not in this project, as gateways often do; unless it is nearly one that does.
    severity: near ? 'warning' : 'notice',
    why: `no service of this mesh lives in namespace ${namespace}`,
    hint: near ? `did you mean ${near}?` : `namespaces here: ${listed(known)}`,
  };
}

function unknownAccount(
  namespace: string,
  account: string,
  { policy }: LintedRule,
  mesh: Mesh,
): Stranger | null {
  const here = everybody(mesh).filter((one) => one.namespace === namespace);
  if (here.length === 0) return unknownNamespace(namespace, mesh);
  const known = here.map((one) => one.serviceAccount);
  if (known.includes(account)) return null;
  const near = closest(account, known);
  const elsewhere = everybody(mesh).find((one) => one.serviceAccount === account);
  return {
    severity: policy.dryRun ? 'notice' : 'warning',
    why: `nothing in namespace ${namespace} runs as ${account}`,
    hint: near
      ? `did you mean ${near}?`
      : elsewhere
        ? `${account} is an account of namespace ${elsewhere.namespace}`
        : `accounts of ${namespace}: ${listed(known)}`,
  };
}
