import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberOf, parseJsonObject } from '../../../policy/tokens/strict-json.ts';
import { runs } from '../../support/runs.ts';

describe('strict JSON', () => {
  it.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['more than one value', '{} {}'],
    ['a member twice', '{"iss":"good","iss":"evil"}'],
    ['a member twice, once escaped', '{"iss":"good","\\u0069ss":"evil"}'],
    ['a comma at the end', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['a leading zero', '{"a":01}'],
    ['a number beyond all bounds', '{"a":1e999}'],
    ['NaN', '{"a":NaN}'],
    ['half a surrogate pair', '{"a":"\\ud800"}'],
    ['a raw control byte', '{"a":"\n"}'],
    ['a string without an end', '{"a":"'],
    ['an unknown escape', '{"a":"\\x41"}'],
    ['a comment', '{/**/}'],
    ['a byte order mark', '\ufeff{}'],
    ['101 levels', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['10,000 braces', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['10,000 open braces', '{"a":'.repeat(10_000)],
  ])('refuses %s', (_, text) => {
    expect(parseJsonObject(text)).toBeNull();
  });

  it('reads a hundred levels', () => {
    expect(parseJsonObject(`{"a":${'['.repeat(99)}${']'.repeat(99)}}`)).not.toBeNull();
  });

  it('takes every name for a name', () => {
    const object = parseJsonObject('{"__proto__":{"admin":true},"constructor":1,"toString":2}');
    if (object === null) throw new Error('refused');
    expect(memberOf(object, '__proto__')).toEqual({ admin: true });
    expect(memberOf(object, 'admin')).toBeUndefined();
    expect(memberOf(object, 'hasOwnProperty')).toBeUndefined();
    expect(memberOf(object, 'constructor')).toBe(1);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('reads what JSON.parse reads, where that has no member twice', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJsonObject(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0d8a1e+-.tfn \u0000é') }), (text) => {
        parseJsonObject(`{${text}`);
      }),
      { numRuns: runs(2_000) },
    );
  });
});
