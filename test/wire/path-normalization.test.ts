import { describe, expect, it } from 'vitest';
import type { PathNormalization } from '../../model/mesh.ts';
import { byteString, normalizePath, unescapeSlashes, unescapeUtf8 } from '../../wire/path-normalization.ts';

function normalized(path: string, mode: PathNormalization = 'BASE'): string {
  const result = normalizePath(path, mode);
  return result.kind === 'normalized' ? result.path : result.details;
}

describe('normalizePath', () => {
  it('refuses %00 in every mode but NONE', () => {
    for (const mode of ['BASE', 'DEFAULT', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const) {
      expect(normalized('/admin%00', mode)).toBe('path_normalization_failed');
    }
    expect(normalized('/admin%00', 'NONE')).toBe('/admin%00');
  });

  it.each([
    ['/%2e%2e%2e/', '/.../'],
    ['/a%zz/%/%4', '/a%zz/%/%4'],
    ['/%0a%ff', '/%0a%ff'],
    ['/x/%2e%2e;a=b/admin', '/x/..;a=b/admin'],
    ['/a/..%3bx/b', '/a/..%3bx/b'],
    ['/a%7cb', '/a%7cb'],
    ['/api%2Forders', '/api%2Forders'],
    ['/%252e%252e/admin', '/%252e%252e/admin'],
  ])('does not decode %s further than %s', (path, wanted) => {
    expect(normalized(path)).toBe(wanted);
  });

  it.each([
    ['/x/..;/admin', '/admin'],
    ['/x/..;a=b/admin', '/admin'],
    ['/.;x/admin', '/admin'],
    ['/a/b/.;a=b\\c', '/a/b/'],
    ['//\\..;AdminADMIN', '///..;AdminADMIN'],
    ['/x/%2e%2e/admin', '/admin'],
    ['/x/..\\admin', '/admin'],
    ['/..', '/'],
    ['/a/.', '/a/'],
    ['/a//..//b', '/a//b'],
    ['/a%2e%2e/b', '/a../b'],
  ])('takes the dot segments out of %s', (path, wanted) => {
    expect(normalized(path)).toBe(wanted);
  });

  it('cuts at # in every mode, in the query too', () => {
    for (const mode of ['NONE', 'BASE', 'MERGE_SLASHES'] as const) {
      expect(normalized('/admin#x', mode)).toBe('/admin');
      expect(normalized('/a?b#f', mode)).toBe('/a?b');
    }
  });

  it('leaves the query alone', () => {
    expect(normalized('/a//b?x=/../&y=//%2F', 'DECODE_AND_MERGE_SLASHES')).toBe('/a/b?x=/../&y=//%2F');
  });

  it('encodes what may not stand in a path', () => {
    expect(normalized('/a|b{*}^"<>`')).toBe('/a%7Cb%7B*%7D%5E%22%3C%3E%60');
    expect(normalized(unescapeUtf8('/é'))).toBe('/%C3%A9');
    expect(normalized('/\x01\t \x7f')).toBe('/%01%09%20%7F');
  });

  it('merges slashes after dot segments, and leaves two where nothing else is left', () => {
    expect(normalized('/a//..//b', 'MERGE_SLASHES')).toBe('/a/b');
    expect(normalized('///', 'MERGE_SLASHES')).toBe('//');
  });

  it('decodes slashes before dot segments, once', () => {
    expect(normalized('/a%2f%2e%2e%2fb', 'DECODE_AND_MERGE_SLASHES')).toBe('/b');
    expect(normalized('/a%5c..%5cb', 'DECODE_AND_MERGE_SLASHES')).toBe('/b');
    expect(normalized('/a%252fb', 'DECODE_AND_MERGE_SLASHES')).toBe('/a%252fb');
  });

  it('lets no decoded byte complete a broken escape', () => {
    expect(normalized('/ad%2%356din')).toBe('/ad%25256din');
    expect(normalized('/%%32%35')).not.toContain('%25%');
    expect(normalized('/%%325')).toBe('/%2525');
  });

  it('encodes no % that a decoded byte does not complete', () => {
    expect(normalized('/%%32x')).toBe('/%2x');
    expect(normalized('/a%345')).toBe('/a45');
  });

  it('decodes each end of the unreserved bytes, and nothing beside them', () => {
    expect(normalized('/%2f%3a%40%5b%60%7b')).toBe('/%2f%3a%40%5b%60%7b');
    expect(normalized('/%30%39%41%5A%61%7a%2D%2e%5F%7e')).toBe('/09AZaz-._~');
  });

  it('takes characters beyond bytes for their UTF-8, in the query too', () => {
    expect(normalized('/ā')).toBe('/%C4%81');
    for (const mode of ['NONE', 'BASE'] as const) expect(normalized('/a?ā', mode)).toBe('/a?\xc4\x81');
    expect(byteString('\xfe\xff')).toBe('\xfe\xff');
  });

  it('decodes either slash to itself, in either case of letters', () => {
    expect(unescapeSlashes('%5c%2F%5C%2f%2E')).toBe('\\/\\/%2E');
  });

  it('does the same to bytes as to text', () => {
    const bytes = new TextEncoder().encode('/é/../x');
    expect(normalizePath(bytes, 'BASE')).toEqual({ kind: 'normalized', path: '/x' });
    expect(byteString(bytes)).toBe(unescapeUtf8('/é/../x'));
  });

  it('takes a path of 60,000 dot segments in one pass', () => {
    expect(normalized(`/${'a/../'.repeat(12_000)}x`)).toBe('/x');
  });
});
