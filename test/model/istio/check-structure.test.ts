/** What the API server refuses by a kind's schema, with the path of the field and a way out. */
import { describe, expect, it } from 'vitest';
import { checkStructure } from '../../../model/istio/check-structure.ts';
import { crdKind, type CrdSchema } from '../../../model/istio/crd-schema.ts';

function told(schema: CrdSchema, value: unknown): string[] {
  return checkStructure(schema, value).issues.map(
    ({ path, code, message, hint }) => `${path.join('.')} ${code}: ${message}${hint ? ` (${hint})` : ''}`,
  );
}

describe('a value', () => {
  it.each<[CrdSchema, unknown, string]>([
    [{ type: 'string' }, 80, ' wrong-type: spec must be a string, not 80 (put it in quotes: "80")'],
    [{ type: 'array' }, {}, ' wrong-type: spec must be a list, not a map'],
    [{ type: 'integer' }, 1.5, ' wrong-type: spec must be a whole number, not 1.5'],
    [{ items: { type: 'object' } }, [null], '0 wrong-type: [0] must be a map, not empty'],
    [
      { enum: ['ALLOW', 'DENY'] },
      'deny',
      ' invalid-value: spec must be one of ALLOW, DENY, not "deny" (did you mean DENY?)',
    ],
    [{ minLength: 1 }, '', ' invalid-value: spec must have at least 1 characters, not 0'],
    [{ maxLength: 2, pattern: '^a*$' }, 'bbb', ' invalid-value: spec must have at most 2 characters, not 3'],
    [{ pattern: '^a*$' }, 'b', ' invalid-value: spec can\'t be "b"'],
    [{ format: 'byte' }, 'a', ' invalid-value: spec is not base64'],
    [{ minimum: 1 }, 0, ' invalid-value: spec must be at least 1, not 0'],
    [{ maximum: 5 }, 6, ' invalid-value: spec must be at most 5, not 6'],
    [{ maxItems: 1 }, [1, 2], ' invalid-value: spec must have at most 1 entries, not 2'],
    [{ values: {}, minProperties: 1 }, {}, ' invalid-value: spec must have at least 1 entries, not 0'],
    [
      { uniqueBy: ['n'] },
      [{ n: 1 }, { n: 1 }],
      '1 duplicate-element: [1]: an element with the same n stands before',
    ],
    [{ required: ['a'] }, {}, 'a missing-field: a is missing'],
    [
      { properties: { hosts: {} } },
      { host: 1 },
      'host unknown-key: unknown key "host" (did you mean hosts?)',
    ],
    [{ properties: {} }, { toString: 1 }, 'toString unknown-key: unknown key "toString"'],
    [
      { properties: { a: {}, b: {} }, atMostOne: [['a', 'b']] },
      { a: 1, b: 1 },
      'b invalid-value: only one of a and b can be set',
    ],
    [{ rules: ['port'] }, 0, ' invalid-value: spec: not a port (1 to 65535)'],
    [{ values: {}, rules: ['port-keys'] }, { '80': 1, x: 1 }, 'x invalid-value: x: not a port (1 to 65535)'],
  ])('against %j: %j is refused', (schema, value, expected) => {
    expect(told(schema, value)).toEqual([expected]);
  });

  it.each<[CrdSchema, unknown]>([
    [{ type: 'number' }, 1],
    [{ type: 'integer', nullable: true }, null],
    [{ format: 'byte' }, 'aGk='],
    [{ anything: true }, { whatever: [1] }],
    [{ uniqueBy: ['n'] }, [{ n: 1 }, { n: '1' }]],
    [{ maxLength: 1 }, '🙂'],
  ])('against %j: %j is taken', (schema, value) => {
    expect(told(schema, value)).toEqual([]);
  });

  it('is returned without the fields that nobody knows, else as it was', () => {
    const schema: CrdSchema = { properties: { a: { items: { properties: { b: {} } } } } };
    expect(checkStructure(schema, { a: [{ b: 1, c: 2 }], d: 3 }).value).toEqual({ a: [{ b: 1 }] });
  });

  it('that breaks its structure is spared the rules, which rely on it', () => {
    expect(told({ properties: { b: {} }, rules: ['address-or-network'] }, { adress: 'x' })).toHaveLength(1);
  });
});

describe('kinds without a schema of ours', () => {
  it.each([
    [
      'VirtualService',
      { hosts: ['a'], http: [{ route: [{ destination: {} }] }] },
      'http.0.route.0.destination.host missing-field',
    ],
    ['VirtualService', { http: [{ timeout: 'soon' }] }, 'http.0.timeout invalid-value'],
    [
      'VirtualService',
      { http: [{ match: [{ uri: { exact: 'a', prefix: 'b' } }] }] },
      'http.0.match.0.uri.prefix invalid-value',
    ],
    [
      'DestinationRule',
      { host: 'a', trafficPolicy: { tls: { mode: 'mutual' } } },
      'trafficPolicy.tls.mode invalid-value',
    ],
    ['ServiceEntry', { hosts: ['*'] }, 'hosts.0 invalid-value'],
    ['Gateway', { servers: [{ hosts: ['a'] }] }, 'servers.0.port missing-field'],
    ['Sidecar', { egress: [{}] }, 'egress.0.hosts missing-field'],
  ])('%s %j is refused at %s', (kind, spec, expected) => {
    const definition = crdKind('networking.istio.io', kind);
    expect(definition && told(definition.spec, spec)[0]).toContain(expected);
  });
});
