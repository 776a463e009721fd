/**
 * DecisionSuite files, JSON or YAML, as cases to be judged. Owns where a suite's policies come from (inline objects
 * and `policyFiles`); a file that is no DecisionSuite is a `FilesError`.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { MeshConfig } from '../model/mesh.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { DecisionCase, SuiteWorld } from '../policy/judge.ts';
import { FilesError } from './exit-codes.ts';

/** A suite, ready to be played. */
export interface Suite {
  name: string;
  world: SuiteWorld;
  cases: readonly DecisionCase[];
}

interface SuiteDocument {
  kind?: string;
  metadata?: { name?: string };
  spec?: {
    mesh?: Partial<MeshConfig>;
    policies?: readonly RawObject[];
    policyFiles?: readonly string[];
    cases?: readonly DecisionCase[];
  };
}

interface RawObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<PolicyObject['metadata']>;
  spec?: unknown;
}

/** Reads one suite. */
export async function readSuite(file: string): Promise<Suite> {
  const document = parseSuite(file, await readText(file));
  const { spec = {} } = document;
  const objects = (spec.policies ?? []).map((object) => policyObject(object, file));
  for (const policyFile of spec.policyFiles ?? []) {
    const path = resolve(dirname(file), policyFile);
    const documents = parseAllDocuments(await readText(path)).map((one) => one.toJS() as RawObject | null);
    objects.push(...documents.filter((one) => one !== null).map((object) => policyObject(object, path)));
  }
  return {
    name: document.metadata?.name ?? file,
    world: { objects, config: { ...DEFAULT_CONFIG, ...spec.mesh } },
    cases: spec.cases ?? [],
  };
}

const DEFAULT_CONFIG: MeshConfig = {
  pathNormalization: 'BASE',
  outboundTrafficPolicy: 'ALLOW_ANY',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  numTrustedProxies: 0,
};

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new FilesError([
      { code: 'unreadable-file', severity: 'error', message: `can't read ${file}: ${messageOf(cause)}` },
    ]);
  }
}

function parseSuite(file: string, text: string): SuiteDocument {
  let document: SuiteDocument | null;
  try {
    document = (file.endsWith('.json') ? JSON.parse(text) : parse(text)) as SuiteDocument | null;
  } catch (cause) {
    throw notASuite(file, messageOf(cause));
  }
  if (document?.kind !== 'DecisionSuite') throw notASuite(file, `its kind is ${document?.kind ?? 'missing'}`);
  return document;
}

function notASuite(file: string, why: string): FilesError {
  return new FilesError([
    {
      code: 'not-a-suite',
      severity: 'error',
      message: `${file} is no DecisionSuite: ${why}`,
      at: { file, line: 1, column: 1 },
    },
  ]);
}

function policyObject(object: RawObject, file: string): PolicyObject {
  const { metadata = {} } = object;
  return {
    apiVersion: object.apiVersion ?? '',
    kind: object.kind ?? '',
    metadata: {
      ...metadata,
      name: metadata.name ?? '',
      namespace: metadata.namespace ?? 'default',
      annotations: metadata.annotations ?? {},
      labels: metadata.labels ?? {},
    },
    spec: object.spec ?? {},
    at: { file, line: 1, column: 1 },
    positions: {},
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
