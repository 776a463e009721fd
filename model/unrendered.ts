/** Files that aren't what is applied to the cluster yet: Helm templates and kustomizations. They must be rendered first. */
import type { Problem } from './problem.ts';

/** The one problem that replaces all others of such a file, or null. */
export function renderingProblem(text: string, file: string, problems: readonly Problem[]): Problem | null {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  if (
    /^kustomization(\.ya?ml)?$/i.test(name) ||
    /^apiVersion:\s*["']?kustomize\.config\.k8s\.io\//m.test(text)
  ) {
    return {
      code: 'needs-rendering',
      severity: 'error',
      message: 'a kustomization is a recipe, not what is applied to the cluster',
      hint: 'render it first: kubectl kustomize FOLDER > rendered.yaml, and list that file under spec.policies',
      at: { file, line: 1, column: 1 },
    };
  }
  // A template in a string of a readable file (a ConfigMap of Prometheus rules) is that file's own business.
  if (problems.length === 0) return null;
  const found = /\{\{[^{}\n]*\}\}/.exec(text);
  if (!found) return null;
  const before = text.slice(0, found.index).split('\n');
  return {
    code: 'needs-rendering',
    severity: 'error',
    message: `this is a template (${found[0].slice(0, 60)}), not what is applied to the cluster`,
    hint: 'render it first: helm template CHART > rendered.yaml, and list that file under spec.policies',
    at: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
  };
}
