/** RequestValidations and RateLimits of a project: from files to what a snapshot carries. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../mesh/load-project.ts';
import { compileMeshPolicies } from '../../mesh/mesh-policies.ts';
import { formatProblem } from '../../model/problem.ts';
import { openapiKey } from '../../policy/request-validation.ts';

const PROJECT = `apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: shop }
spec:
  namespace: shop
  services:
    orders: { command: [node, orders.js], ports: [{ name: http, port: 80 }] }
  policies: [./policies]
`;
const VALIDATION = `apiVersion: greenroom.dev/v1
kind: RequestValidation
metadata: { name: orders }
spec:
  openapi: { file: ../api/orders.yaml }
`;
const LIMIT = `apiVersion: greenroom.dev/v1
kind: RateLimit
metadata: { name: few }
spec:
  rules: [{ key: { by: identity }, requests: 5, window: 1m }]
`;

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'greenroom-openapi-'));
  for (const folder of ['policies', 'api']) await mkdir(join(root, folder));
  await writeFile(join(root, 'greenroom.yaml'), PROJECT);
  await writeFile(join(root, 'policies/orders.yaml'), VALIDATION);
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const problems = async (): Promise<string[]> =>
  (await loadProject(root)).problems.map((problem) => formatProblem(problem).replaceAll(`${root}/`, ''));

describe('an OpenAPI document that can’t be used', () => {
  it('is a problem at the policy that names it when it isn’t there', async () => {
    expect(await problems()).toEqual([
      expect.stringMatching(/^policies\/orders\.yaml:5:\d+: error openapi-unusable/),
    ]);
  });

  it.each([
    ['is no YAML', 'paths: [', ''],
    [
      'refers to another file',
      'paths: { /a: { post: { requestBody: { $ref: other.yaml } } } }',
      'other.yaml',
    ],
    ['unfolds itself', 'a: &a [1]\npaths: { /a: *a }', ''],
  ])('is one when it %s', async (_what, text, why) => {
    await writeFile(join(root, 'api/orders.yaml'), text);
    const [problem = ''] = await problems();
    expect(problem).toContain('openapi-unusable');
    expect(problem).toContain(why);
  });
});

describe('what comes after the policies', () => {
  it('is compiled for each port, the document under the key that the port’s validation asks for', async () => {
    await writeFile(join(root, 'api/orders.yaml'), 'paths: { /orders: { get: {} } }');
    await writeFile(join(root, 'policies/few.yaml'), LIMIT);
    const { value: mesh, problems: found } = await loadProject(root);
    expect(found).toEqual([]);
    if (mesh === null) throw new Error('the project has no problems and no mesh');
    const port = compileMeshPolicies(mesh)['orders']?.[80];
    expect(port?.rateLimits?.map(({ name }) => name)).toEqual(['shop/few[0]']);
    const key = port?.validations?.map(openapiKey)[0] ?? '';
    expect(mesh.openapi?.[key]).toEqual({ paths: { '/orders': { get: {} } } });
  });
});
