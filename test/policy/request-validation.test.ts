import { describe, expect, it } from 'vitest';
import type { RequestFacts } from '../../model/request-facts.ts';
import {
  compileValidations,
  type FoundOperation,
  type Operations,
  refuseInvalid,
  type RequestBody,
  validateRequest,
} from '../../policy/request-validation.ts';
import { own } from '../support/own-kinds.ts';
import { cart, request } from '../support/policies.ts';

function check(
  spec: string,
  facts: RequestFacts,
  body: RequestBody = { bytes: 0 },
  operations: Operations | null = null,
) {
  const [validation] = compileValidations(own('RequestValidation', spec), cart, 'istio-system');
  if (!validation) throw new Error('the validation does not apply');
  const fault = validateRequest(validation, facts, body, operations);
  return fault && { ...fault, decision: refuseInvalid(validation, facts, fault) };
}

const JSON_TYPE: [string, string] = ['content-type', 'application/json; charset=utf-8'];
const always = (found: FoundOperation): Operations => ({ find: () => found });
const OPENAPI = 'openapi: { file: ./orders.yaml }';

describe('a request validation', () => {
  it.each([
    ['limits: { bodyBytes: 10 }', request(), { bytes: 11 }, 413, 'body-too-large'],
    [
      'limits: { headers: 1 }',
      request({ headers: [JSON_TYPE, JSON_TYPE] }),
      { bytes: 0 },
      431,
      'too-many-headers',
    ],
    [
      'limits: { headerBytes: 20 }',
      request({ headers: [['x', 'y'.repeat(20)]] }),
      { bytes: 0 },
      431,
      'headers-too-large',
    ],
    ['limits: { pathBytes: 10 }', request({ path: '/12345?67890' }), { bytes: 0 }, 414, 'path-too-long'],
    ['contentTypes: [application/json]', request(), { bytes: 1 }, 415, 'content-type'],
    [
      'contentTypes: [application/json]',
      request({ headers: [['content-type', 'text/plain']] }),
      { bytes: 1 },
      415,
      'content-type',
    ],
    [
      'contentTypes: [application/json]',
      request({ headers: [JSON_TYPE, JSON_TYPE] }),
      { bytes: 1 },
      415,
      'content-type',
    ],
    [
      'contentTypes: [image/*]',
      request({ headers: [['content-type', 'imagex/png']] }),
      { bytes: 1 },
      415,
      'content-type',
    ],
  ] as const)('%s refuses', (spec, facts, body, status, reason) => {
    const refused = check(spec, facts, body);
    expect(refused).toMatchObject({ status, reason });
    expect(refused?.decision).toMatchObject({
      verdict: 'deny',
      phase: 'validation',
      status,
      details: `greenroom_request_validation[${reason}]`,
      matched: { kind: 'RequestValidation', name: 'p', action: 'validation', rule: null },
    });
  });

  it('lets nothing through while its document can’t be read', () => {
    expect(check(OPENAPI, request())).toMatchObject({ status: 503, reason: 'schemas-unavailable' });
  });

  it('refuses paths and methods that the document doesn’t have, unless told otherwise', () => {
    expect(check(OPENAPI, request(), { bytes: 0 }, always({ found: 'path-unknown' }))).toMatchObject({
      status: 404,
    });
    const method = check(
      OPENAPI,
      request(),
      { bytes: 0 },
      always({ found: 'method-unknown', allowed: ['PUT', 'POST'] }),
    );
    expect(method).toMatchObject({ status: 405, headers: [['allow', 'PUT, POST']] });
    const open = 'openapi: { file: ./orders.yaml, unknownOperations: allow }';
    expect(check(open, request(), { bytes: 0 }, always({ found: 'path-unknown' }))).toBeNull();
  });

  it('refuses with all that the schemas say, and asks them about the path without its query', () => {
    const asked: string[] = [];
    const operations: Operations = {
      find: (method, path) => {
        asked.push(`${method} ${path}`);
        return {
          found: 'operation',
          problems: (_, body) => (body.value === undefined ? ['no body', 'no id'] : []),
        };
      },
    };
    expect(check(OPENAPI, request({ path: '/orders?a=b' }), { bytes: 0 }, operations)).toMatchObject({
      status: 400,
      message: 'no body; no id',
    });
    expect(check(OPENAPI, request(), { bytes: 2, value: {} }, operations)).toBeNull();
    expect(asked).toEqual(['GET /orders', 'GET /']);
  });

  it('answers gRPC with HTTP 200', () => {
    expect(check(OPENAPI, request({ protocol: 'grpc' }))?.decision).toMatchObject({ status: 200, body: '' });
  });

  it('lets through what fits, what it doesn’t match, and TCP', () => {
    const limits = 'limits: { bodyBytes: 10, headers: 1 }\ncontentTypes: [application/json, image/*]';
    expect(check(limits, request({ headers: [JSON_TYPE] }), { bytes: 10 })).toBeNull();
    expect(check(limits, request({ headers: [['content-type', 'Image/PNG']] }), { bytes: 10 })).toBeNull();
    expect(
      check('match: { paths: [/a] }\nlimits: { bodyBytes: 0 }', request({ path: '/b' }), { bytes: 1 }),
    ).toBeNull();
    expect(check('limits: { bodyBytes: 0 }', request({ protocol: 'tcp' }), { bytes: 1 })).toBeNull();
  });
});
