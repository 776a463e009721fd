import { describe, expect, it } from 'vitest';
import {
  foldedPaths,
  hostTwins,
  isPlainPath,
  pathTwins,
  wantsUpperCase,
} from '../../policy/request-twins.ts';
import { authorization, compiled } from '../support/policies.ts';

function rule(paths: string[], more: object = {}) {
  const written = JSON.stringify([{ to: [{ operation: { paths, ...more } }] }]);
  const [first] = compiled(authorization(`rules: ${written}`)).allow.rules;
  if (!first) throw new Error('the policy has no rule');
  return first;
}

describe('the twins of a path', () => {
  it.each([
    ['/admin/x', []],
    ['/', []],
    ['/admin%2fx', [['escaped-slash', '/admin/x']]],
    ['/admin%5cx\\y', [['escaped-slash', '/admin/x/y']]],
    ['//admin///x', [['double-slash', '/admin/x']]],
    ['/a;b=1/c;d', [['parameter', '/a/c']]],
    ['/admin/', [['trailing-slash', '/admin']]],
    ['/admin.', [['trailing-dot', '/admin']]],
  ])('%s without the spelling that dodges: %j', (path, twins) => {
    expect(pathTwins(path).map(({ kind, path: twin }) => [kind, twin])).toEqual([...twins, ['case', path]]);
  });

  it('keep the query, whatever is in it', () => {
    expect(pathTwins('/Admin/?a=//b;c/').map(({ kind, path }) => [kind, path])).toEqual([
      ['trailing-slash', '/Admin?a=//b;c/'],
      ['case', '/admin/?a=//b;c/'],
    ]);
  });

  it('end with one that undoes everything, where several spellings are odd', () => {
    expect(pathTwins('//Admin%2Fx;y/?q').at(-1)).toEqual({
      kind: 'all',
      attack: 'P8',
      how: 'it is spelt in several odd ways at once',
      remedy: 'Set meshConfig.pathNormalization to DECODE_AND_MERGE_SLASHES.',
      path: '/admin/x?q',
    });
    expect(pathTwins('//ADMIN').map(({ kind }) => kind)).toEqual(['double-slash', 'case']);
  });

  it('each say how they differ, and what closes the hole', () => {
    const said = pathTwins('//A%2Fb;c./.').map(
      ({ kind, attack, how, remedy }) => `${kind} ${attack}: ${how}. ${remedy}`,
    );
    expect(said).toEqual([
      'escaped-slash P3: its slash is escaped. Set meshConfig.pathNormalization to DECODE_AND_MERGE_SLASHES.',
      'double-slash P2: it has two slashes in a row. Set meshConfig.pathNormalization to MERGE_SLASHES.',
      'parameter P8: a ;parameter follows a segment. Refuse ; in paths, in the application or by a DENY.',
      'trailing-dot P8: it ends in a dot. Let the application answer 404 to it.',
      'case P8: it differs only in case. Let the application tell upper from lower case.',
      'all P8: it is spelt in several odd ways at once. Set meshConfig.pathNormalization to DECODE_AND_MERGE_SLASHES.',
    ]);
    expect(pathTwins('/a/')[0]).toMatchObject({
      how: 'it ends in a slash',
      remedy: 'Name the path with a slash at its end as well, or with a star.',
    });
  });
});

describe('a plain path', () => {
  it.each(['/Admin', '/aZ', '/A', '/a%20b', '/a;b', '/a\\b', '//a', '/a//b', '/a/', '/a.'])(
    'is none: %s',
    (path) => {
      expect(isPlainPath(path)).toBe(false);
    },
  );

  it.each(['/', '/a', '/a/b.c/d', '/a@b', '/a[b', '/a-0'])('is one: %s', (path) => {
    expect(isPlainPath(path)).toBe(true);
  });
});

describe('the twins of a host', () => {
  it.each([
    ['cart.shop', []],
    ['cart.shop:8080', ['cart.shop']],
    ['cart.shop:', ['cart.shop']],
    ['cart.shop.', ['cart.shop']],
    ['cart.shop.:80', ['cart.shop']],
    ['user@cart.shop', ['cart.shop']],
    ['a@b@cart.shop', ['cart.shop']],
    ['cart.shop:http', []],
    [':80', []],
    ['[fd00::5]', []],
    ['[fd00::5]:80', ['[fd00::5]']],
    ['cart.shop,x', ['cart.shop', 'x']],
    ['.', []],
  ])('of %s are %j', (host, twins) => {
    expect(hostTwins(host)).toEqual(twins);
  });
});

describe('a rule in upper case', () => {
  it('is one whose paths have any, whatever its methods', () => {
    expect(wantsUpperCase(rule(['/a', '/B']))).toBe(true);
    expect(wantsUpperCase(rule(['/a'], { methods: ['GET'] }))).toBe(false);
  });

  it('is the same in lower case, its methods left alone', () => {
    const folded = foldedPaths(rule(['/A', '/B*', '*/C', '/d/{*}'], { methods: ['GET'] }));
    expect(folded.to.flat().flatMap(({ values }) => values)).toEqual([
      { kind: 'exact', value: 'GET' },
      { kind: 'exact', value: '/a' },
      { kind: 'prefix', value: '/b' },
      { kind: 'suffix', value: '/c' },
      expect.objectContaining({ kind: 'template' }),
    ]);
    const lower = rule(['/a']);
    expect(foldedPaths(lower)).toBe(lower);
  });
});
