/** Objects of Greenroom's own kinds, from YAML of their spec: checked by their schemas, and read though not enforced yet. */
import { readPolicyFile } from '../../model/policy-file.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';

type OwnKind = 'RateLimit' | 'RequestValidation' | 'ContextSignals';

interface Read {
  objects: PolicyObject[];
  /** Without the one that says that the kind isn't enforced yet. */
  problems: Problem[];
  enforced: boolean;
}

/** Reads an object `p` of namespace `shop`. */
export function readOwn(kind: OwnKind, spec: string): Read {
  const indented = spec.replace(/^/gm, '  ');
  const text = `apiVersion: greenroom.dev/v1\nkind: ${kind}\nmetadata: { name: p }\nspec:\n${indented}\n`;
  const { objects, problems } = readPolicyFile(text, 'p.yaml', { namespace: 'shop', ignore: [] });
  const others = problems.filter(({ code }) => code !== 'not-supported-yet');
  return { objects, problems: others, enforced: others.length === problems.length };
}

/** The objects; a spec with problems is a mistake of the test. */
export function own(kind: OwnKind, spec: string): PolicyObject[] {
  const { objects, problems } = readOwn(kind, spec);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return objects;
}
