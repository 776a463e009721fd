/**
 * The OpenAPI documents that RequestValidations name, read from beside their policy files: YAML or JSON, whole. What
 * can't be read, or can't be compiled, is a problem at the policy that names it.
 */
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { RequestValidationSpec } from '../model/greenroom/request-validation.ts';
import { messageOf } from '../model/message-of.ts';
import { type PolicyObject, positionOf } from '../model/policy-object.ts';
import type { Problem } from '../model/problem.ts';
import { compileOperations } from '../proxy/validation/operations.ts';
import { readText } from './project-files.ts';

export interface OpenApiDocuments {
  /** By `openapiKey`. */
  documents: Record<string, unknown>;
  problems: Problem[];
}

/** Reads each document once. */
export async function readOpenApi(
  policies: readonly PolicyObject[],
  overrides?: ReadonlyMap<string, string>,
): Promise<OpenApiDocuments> {
  const read: OpenApiDocuments = { documents: {}, problems: [] };
  for (const object of policies.filter(({ kind }) => kind === 'RequestValidation')) {
    const { openapi } = object.spec as RequestValidationSpec;
    if (openapi === undefined) continue;
    const document = await readDocument(resolve(dirname(object.at.file), openapi.file), overrides);
    if ('why' in document) {
      read.problems.push({
        code: 'openapi-unusable',
        severity: 'error',
        message: `${openapi.file} can't be used: ${document.why}`,
        hint: 'an OpenAPI 3 document, YAML or JSON, whose references stay within it',
        at: positionOf(object, ['spec', 'openapi', 'file']),
      });
      continue;
    }
    read.documents[`${object.at.file} ${openapi.file}`] = document.value;
  }
  return read;
}

async function readDocument(
  file: string,
  overrides?: ReadonlyMap<string, string>,
): Promise<{ value: unknown } | { why: string }> {
  const text = await readText(file, overrides);
  if ('problem' in text) return { why: text.problem.message };
  try {
    const value: unknown = parse(text.text, { maxAliasCount: 0 });
    compileOperations(value);
    return { value };
  } catch (error) {
    return { why: messageOf(error) };
  }
}
