/**
 * Public addresses in `ipBlocks` of a workload: a sidecar's peer is a pod or a gateway of the mesh, so the client's
 * own address is never there.
 */
import type { Finding, Lint } from '../lint.ts';
import { type LintedRule, severityOfNever, workloadNames } from '../lint-view.ts';
import { readBlock } from '../../wire/ip-block.ts';
import { blocksOverlap } from '../rule-covers.ts';
import { clauseName, fieldOf } from '../written-clauses.ts';

const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1',
].flatMap((text) => readBlock(text) ?? []);

export const ipBlocksBehindGateway: Lint = {
  code: 'ip-blocks-behind-gateway',
  summary: "ipBlocks of a workload hold public addresses, and its sidecar sees the gateway's address",
  check: ({ policies }) =>
    policies
      .filter(({ workloads }) => workloads.length > 0)
      .flatMap(({ rules }) => rules)
      .flatMap(publicBlocks),
};

function publicBlocks(rule: LintedRule): Finding[] {
  return rule.clauses
    .filter((clause) => fieldOf(clause) === 'ipBlocks')
    .flatMap((clause): Finding[] => {
      const found = clause.values.filter(({ text }) => isPublic(text)).map(({ text }) => text);
      if (found.length === 0) return [];
      const severity = severityOfNever(rule);
      return [
        {
          severity: severity === 'error' ? 'warning' : severity,
          message: `${rule.name}: ${clauseName(clause)} ${found.join(', ')} ${found.length > 1 ? 'are' : 'is'} public, and ${workloadNames(rule.policy.workloads)} sees its direct peer: a pod, or the gateway's own address`,
          hint: 'judge client addresses at the gateway, with remoteIpBlocks and numTrustedProxies',
          at: clause.at,
        },
      ];
    });
}

function isPublic(text: string): boolean {
  const block = readBlock(text);
  return block !== null && !PRIVATE.some((one) => blocksOverlap(one, block));
}
