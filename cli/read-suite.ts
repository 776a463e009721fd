/**
 * DecisionSuite files, JSON or YAML, with their policies: inline objects and `policyFiles`. Owns the disk side only;
 * what is wrong in a file is a `FilesError` with every problem.
 */
import { dirname, resolve } from 'node:path';
import { keySetsInFiles } from '../mesh/key-file.ts';
import { readText, shownPath } from '../mesh/project-files.ts';
import { type DecisionCase, parseDecisionSuite } from '../model/decision-suite.ts';
import { parsePolicyFile } from '../model/policy-file.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { Parsed, Position } from '../model/problem.ts';
import { placeOf } from '../model/yaml-source.ts';
import type { SuiteWorld } from '../policy/judge.ts';
import type { KeySet } from '../policy/tokens/key-set.ts';
import type { TokenVerification } from '../policy/tokens/verify-token.ts';
import { FilesError } from './exit-codes.ts';
import { suiteKeySets, suiteTokens } from './suite-tokens.ts';

/** A suite, ready to be played. */
export interface Suite {
  name: string;
  world: SuiteWorld;
  cases: readonly DecisionCase[];
  tokens: TokenVerification;
  /** By URI. */
  keySets: Readonly<Record<string, KeySet | null>>;
}

/** Reads one suite. */
export async function readSuite(file: string): Promise<Suite> {
  const source = await readText(file);
  if ('problem' in source) throw new FilesError([source.problem]);
  const parsed = valueOf(parseDecisionSuite(source.text, file));
  const { suite, policies } = parsed;
  const objects = [...policies];
  for (const [index, name] of suite.spec.policyFiles.entries()) {
    const at = placeOf(parsed, ['spec', 'policyFiles', index]);
    objects.push(...(await readPolicies(resolve(dirname(file), name), at)));
  }
  const keySets = { ...suiteKeySets(suite), ...(await keySetsInFiles(objects, dirname(file))) };
  return {
    name: suite.metadata.name,
    world: { objects, config: suite.spec.mesh },
    cases: suite.spec.cases,
    tokens: suiteTokens(keySets),
    keySets,
  };
}

/** A file that can't be read is a fault of the line that names it, `at`. */
async function readPolicies(file: string, at: Position): Promise<PolicyObject[]> {
  const shown = shownPath(file);
  const source = await readText(file);
  if ('problem' in source)
    throw new FilesError([{ ...source.problem, message: `${shown}: ${source.problem.message}`, at }]);
  return valueOf(
    parsePolicyFile(source.text, shown, { namespace: 'default', ignore: [], keysFrom: 'files' }),
  );
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.value === null) throw new FilesError(parsed.problems);
  return parsed.value;
}
