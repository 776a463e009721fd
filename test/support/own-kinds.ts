/** Objects of Greenroom's own kinds, from YAML of their spec, checked by their schemas. */
import { readPolicyFile } from '../../model/policy-file.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import { formatProblem, type Problem } from '../../model/problem.ts';

type OwnKind = 'RateLimit' | 'RequestValidation' | 'ContextSignals';

interface Read {
  objects: PolicyObject[];
  problems: Problem[];
}

/** Reads an object `p` of namespace `shop`. */
export function readOwn(kind: OwnKind, spec: string): Read {
  const indented = spec.replace(/^/gm, '  ');
  const text = `apiVersion: greenroom.dev/v1\nkind: ${kind}\nmetadata: { name: p }\nspec:\n${indented}\n`;
  const { objects, problems } = readPolicyFile(text, 'p.yaml', { namespace: 'shop', ignore: [] });
  return { objects, problems };
}

/** The objects; a spec with problems is a mistake of the test. */
export function own(kind: OwnKind, spec: string): PolicyObject[] {
  const { objects, problems } = readOwn(kind, spec);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return objects;
}
