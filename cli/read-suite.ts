/**
 * DecisionSuite files, JSON or YAML, with their policies: inline objects and `policyFiles`. Owns the disk side only;
 * what is wrong in a file is a `FilesError` with every problem.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { keySetsInFiles } from '../mesh/key-file.ts';
import { type DecisionCase, parseDecisionSuite } from '../model/decision-suite.ts';
import { parsePolicyFile } from '../model/policy-file.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { Parsed } from '../model/problem.ts';
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
  const { suite, policies } = valueOf(parseDecisionSuite(await readText(file), file));
  const objects = [...policies];
  for (const name of suite.spec.policyFiles)
    objects.push(...(await readPolicies(resolve(dirname(file), name))));
  const keySets = { ...suiteKeySets(suite), ...(await keySetsInFiles(objects, dirname(file))) };
  return {
    name: suite.metadata.name,
    world: { objects, config: suite.spec.mesh },
    cases: suite.spec.cases,
    tokens: suiteTokens(keySets),
    keySets,
  };
}

async function readPolicies(file: string): Promise<PolicyObject[]> {
  return valueOf(
    parsePolicyFile(await readText(file), file, { namespace: 'default', ignore: [], keysFrom: 'files' }),
  );
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.value === null) throw new FilesError(parsed.problems);
  return parsed.value;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FilesError([
      { code: 'unreadable-file', severity: 'error', message: `can't read ${file}: ${why}` },
    ]);
  }
}
