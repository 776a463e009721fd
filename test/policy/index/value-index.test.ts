import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ValueMatch } from '../../../policy/compiled-policy.ts';
import { keyOf, ValueIndex } from '../../../policy/index/value-index.ts';
import { compileTemplate } from '../../../policy/path-template.ts';
import {
  compileNamespace,
  compileServiceAccount,
  compileString,
  compileTrustDomain,
  matchesValue,
} from '../../../policy/value-match.ts';
import { readBlock } from '../../../wire/ip-block.ts';
import { runs } from '../../support/runs.ts';

function indexed(matches: readonly ValueMatch[], got: string): ValueMatch[] {
  const index = new ValueIndex<ValueMatch>();
  for (const match of matches) index.ensure(match, keyOf(match), () => match);
  const into: ValueMatch[] = [];
  index.collect(got, into);
  return into;
}

/** Holds the index against `matchesValue`, one by one; the same values, none twice. */
function expectAgreement(matches: readonly ValueMatch[], got: string): void {
  const distinct = [...new Map(matches.map((match) => [keyOf(match), match])).values()];
  const wanted = distinct.filter((match) => matchesValue(match, got)).map(keyOf);
  expect(indexed(matches, got).map(keyOf).toSorted()).toEqual(wanted.toSorted());
}

function words(...alphabet: string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...alphabet), { maxLength: 9 }).map((all) => all.join(''));
}

const identities = words('ns', 'sa', 'a', '/', '/ns/', '/sa/');
const segments = words('a', 'b', '/', '%', '*', '{*}');
const addresses = fc.oneof(fc.ipV4(), fc.ipV6(), words('10.1.', '2.3', '::', 'fd00'));

const values: Readonly<Record<string, { match: fc.Arbitrary<ValueMatch>; got: fc.Arbitrary<string> }>> = {
  strings: {
    match: fc
      .tuple(words('a', 'b', '*'), fc.constantFrom('present', 'non-empty'))
      .map(([text, star]) => compileString(text, star as 'present')),
    got: words('a', 'b', '*'),
  },
  identities: {
    match: fc
      .tuple(words('a', 'ns', 'sa', '/', '*'), fc.integer({ min: 0, max: 2 }))
      .map(([text, kind]) =>
        kind === 0
          ? compileNamespace(text)
          : kind === 1
            ? compileServiceAccount(text, 'a')
            : compileTrustDomain(text),
      ),
    got: fc.oneof(
      identities,
      identities.map((text) => `a/ns/a/sa/${text}`),
      identities.map((text) => `ns/ns/${text}/sa/a`),
    ),
  },
  templates: {
    match: words('a', 'b', '/', '/{*}', '/{*}/', '/{**}', '/{**}/b').map((text) => {
      const tokens = compileTemplate(`/${text}`);
      return tokens === null ? compileString(text) : { kind: 'template', tokens };
    }),
    got: segments.map((text) => `/${text}`),
  },
  addresses: {
    match: fc.tuple(addresses, fc.integer({ min: 0, max: 128 })).map(([address, bits]) => {
      const block = readBlock(`${address}/${bits}`) ?? readBlock(address);
      return block === null ? compileString(address) : { kind: 'ip', block };
    }),
    got: addresses,
  },
};

describe('an index of values', () => {
  it('finds a namespace wherever an identity names one', () => {
    const shop = compileNamespace('shop');
    expect(indexed([shop], 'cluster.local/ns/shop')).toEqual([]);
    for (const principal of [
      'cluster.local/ns/shop/sa/web',
      'cluster.local/foo/ns/shop/sa/web',
      'ns/shop/sa/web',
      'cluster.local/ns/ns/shop/sa/web',
    ]) {
      expect(indexed([shop], principal), principal).toEqual([shop]);
    }
    const twoSegments = compileNamespace('shop/sa');
    expect(indexed([twoSegments], 'cluster.local/ns/shop/sa/web')).toEqual([twoSegments]);
  });

  it('never finds an address in a block of the other family', () => {
    const all4: ValueMatch = { kind: 'ip', block: { bytes: [0, 0, 0, 0], bits: 0 } };
    expect(indexed([all4], '::ffff:10.1.2.3')).toEqual([]);
    expect(indexed([all4], '10.1.2.3')).toEqual([all4]);
    expect(indexed([all4], 'bogus')).toEqual([]);
  });

  it.each(Object.keys(values))('agrees with a comparison one by one: %s', (name) => {
    const { match, got } = values[name] as (typeof values)[string];
    fc.assert(
      fc.property(fc.array(match, { maxLength: 25 }), got, (matches, text) => expectAgreement(matches, text)),
      { numRuns: runs(3_000) },
    );
  });
});
