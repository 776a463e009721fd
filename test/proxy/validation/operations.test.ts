import { describe, expect, it } from 'vitest';
import type { HttpFacts } from '../../../model/request-facts.ts';
import { compileOperations } from '../../../proxy/validation/operations.ts';

const DOCUMENT = {
  openapi: '3.1.0',
  paths: {
    '/orders': {
      get: {
        parameters: [
          { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1 } },
          { name: 'x-tenant', in: 'header', required: true, schema: { type: 'string', minLength: 2 } },
        ],
      },
      post: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
        },
      },
    },
    '/orders/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: {},
      delete: {},
    },
    '/orders/latest': { get: {} },
  },
  components: {
    parameters: {
      Id: { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
    },
    schemas: {
      Order: {
        type: 'object',
        required: ['item'],
        additionalProperties: false,
        properties: { item: { type: 'string' }, count: { type: 'integer' } },
      },
    },
  },
};

function request(path: string, headers: [string, string][] = []): HttpFacts {
  return { protocol: 'http1', method: 'GET', path, rawPath: path, host: 'orders', headers };
}

function problems(method: string, sent: HttpFacts, body: { bytes: number; value?: unknown } = { bytes: 0 }) {
  const found = compileOperations(DOCUMENT).find(method, sent.path.split('?')[0] ?? '');
  return found.found === 'operation' ? found.problems(sent, body) : found;
}

const JSON_TYPE: [string, string] = ['content-type', 'application/json; charset=utf-8'];

function withPattern(pattern: string) {
  const parameters = [{ name: 'q', in: 'query', schema: { type: 'string', pattern } }];
  return { openapi: '3.1.0', paths: { '/a': { get: { parameters } } } };
}

describe('a document that can’t be compiled', () => {
  it.each([
    ['paths that are no object', { paths: [] }],
    [
      'a reference to nowhere',
      { paths: { '/a': { post: { requestBody: { $ref: '#/components/nothing' } } } } },
    ],
    [
      'a reference to another file',
      { paths: { '/a': { post: { requestBody: { $ref: 'other.yaml#/x' } } } } },
    ],
    [
      'a schema that refers to another file',
      {
        paths: {
          '/a': {
            post: { requestBody: { content: { 'application/json': { schema: { $ref: 'x.json' } } } } },
          },
        },
      },
    ],
    ['text', 'openapi'],
    ['a pattern that looks ahead', withPattern('^(?=a)a$')],
    ['a pattern that refers back', withPattern('^(a)\\1$')],
  ])('throws: %s', (_what, document) => {
    expect(() => compileOperations(document)).toThrow();
  });
});

describe('a request that isn’t the document’s', () => {
  it('has no such path', () => {
    expect(problems('GET', request('/order'))).toEqual({ found: 'path-unknown' });
    expect(problems('GET', request('/orders/'))).toEqual({ found: 'path-unknown' });
  });

  it('has no such method', () => {
    expect(problems('PATCH', request('/orders'))).toEqual({
      found: 'method-unknown',
      allowed: ['GET', 'POST'],
    });
  });

  it.each([
    ['GET', request('/orders'), {}, 'header parameter x-tenant is missing'],
    [
      'GET',
      request('/orders', [['x-tenant', 'a']]),
      {},
      'header parameter x-tenant must NOT have fewer than 2 characters',
    ],
    ['GET', request('/orders?page=0', [['x-tenant', 'ab']]), {}, 'query parameter page must be >= 1'],
    [
      'GET',
      request('/orders?page=1&page=2', [['x-tenant', 'ab']]),
      {},
      'query parameter page must be integer',
    ],
    ['GET', request('/orders/7'), {}, 'path parameter id must match format "uuid"'],
    [
      'DELETE',
      request('/orders/0f0e0d0c-0b0a-4908-8706-050403020100'),
      { bytes: 2, value: {} },
      'the operation takes no body',
    ],
    ['POST', request('/orders', [JSON_TYPE]), {}, 'a body is required'],
    ['POST', request('/orders', [JSON_TYPE]), { bytes: 3 }, 'the body is no JSON'],
    [
      'POST',
      request('/orders', [['content-type', 'text/plain']]),
      { bytes: 3 },
      "a body of text/plain isn't described",
    ],
    [
      'POST',
      request('/orders', [JSON_TYPE]),
      { bytes: 2, value: {} },
      "body must have required property 'item'",
    ],
    ['POST', request('/orders', [JSON_TYPE]), { bytes: 2, value: { item: 1 } }, 'body /item must be string'],
    [
      'POST',
      request('/orders', [JSON_TYPE]),
      { bytes: 2, value: { item: 'a', count: '1' } },
      'body /count must be integer',
    ],
  ])('%s is told what is wrong', (method, sent, body, message) => {
    expect(problems(method, sent, { bytes: 0, ...body })).toEqual([message]);
  });
});

describe('a request of the document', () => {
  it.each([
    ['GET', request('/orders?page=2', [['x-tenant', 'ab']]), {}],
    ['GET', request('/orders/0f0e0d0c-0b0a-4908-8706-050403020100'), {}],
    ['GET', request('/orders/latest'), {}],
    ['POST', request('/orders', [JSON_TYPE]), { bytes: 9, value: { item: 'a', count: 1 } }],
  ])('%s has no problem', (method, sent, body) => {
    expect(problems(method, sent, { bytes: 0, ...body })).toEqual([]);
  });
});

describe('a pattern', () => {
  const fits = (pattern: string, query: string): boolean => {
    const found = compileOperations(withPattern(pattern)).find('GET', '/a');
    if (found.found !== 'operation') throw new Error(found.found);
    return found.problems(request(`/a?q=${query}`), { bytes: 0 }).length === 0;
  };

  it.each([
    ['^[a-z]{2}$', 'abc'],
    ['^ä$', 'a'],
    ['^.$', '%C3%A4%C3%A4'],
    ['\\d', 'x'],
  ])('%s takes not %s', (pattern, query) => {
    expect(fits(pattern, query)).toBe(false);
  });

  it.each([
    ['[a-z]{2}', '1ab2'],
    ['^ä$', '%C3%A4'],
    ['^.$', '%F0%9F%98%80'],
    ['^(?:\\d{3}-)?\\d{4}$', '555-0199'],
  ])('%s takes %s', (pattern, query) => {
    expect(fits(pattern, query)).toBe(true);
  });

  it('is its own, beside others of the document', () => {
    const parameters = ['^a$', '^b$'].map((pattern, index) => ({
      name: `q${index}`,
      in: 'query',
      schema: { type: 'string', pattern },
    }));
    const found = compileOperations({ paths: { '/a': { get: { parameters } } } }).find('GET', '/a');
    if (found.found !== 'operation') throw new Error(found.found);
    expect(found.problems(request('/a?q0=a&q1=a'), { bytes: 0 })).toEqual([
      'query parameter q1 must match pattern "^b$"',
    ]);
  });

  it('is matched in steps that the text’s length bounds, where an expression that backtracks takes 2⁶⁰', () => {
    expect(fits('^(a+)+$', `${'a'.repeat(60)}!`)).toBe(false);
  });
});
