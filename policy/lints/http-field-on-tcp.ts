/** HTTP fields in a rule that applies to a TCP port: Istio drops the whole ALLOW rule, and of a DENY the field. */
import type { Finding, Lint } from '../lint.ts';
import { compilePolicies } from '../compile.ts';

interface Found {
  finding: Finding;
  /** Workload and port. */
  at: string[];
}

export const httpFieldOnTcp: Lint = {
  code: 'http-field-on-tcp',
  summary: 'A rule has HTTP fields and applies to a TCP port, where Istio drops them',
  check: ({ mesh, workloads }) => {
    const ports = new Map<string, Found>();
    for (const { workload, ports: linted } of workloads) {
      for (const { port, protocol } of linted.filter((one) => one.protocol === 'tcp')) {
        const { notices } = compilePolicies(mesh.policies, workload, { port, protocol }, mesh.config);
        for (const notice of notices.filter((problem) => problem.code === 'http-field-on-tcp')) {
          const key = `${JSON.stringify(notice.at)} ${notice.message}`;
          const entry: Found = ports.get(key) ?? { finding: notice, at: [] };
          entry.at.push(`${workload.id}:${port}`);
          ports.set(key, entry);
        }
      }
    }
    return [...ports.values()].map(({ finding, at }) => ({
      ...finding,
      message: `${finding.message} (${at.join(', ')})`,
    }));
  },
};
