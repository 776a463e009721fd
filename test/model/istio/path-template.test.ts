/** Path templates: which ones Istio takes. */
import { describe, expect, it } from 'vitest';
import { pathTemplateError } from '../../../model/istio/path-template.ts';

describe('a path', () => {
  it.each([
    ['/{**}/{*}', '{**} must be the last template of a path'],
    ['/{**}/a/{**}', '{**} must be the last template of a path'],
    ['/a{*}', 'braces stand for a whole segment: {*} or {**}'],
    ['/{x}', 'braces stand for a whole segment: {*} or {**}'],
    ['/{', 'braces stand for a whole segment: {*} or {**}'],
    ['/{*}*', 'braces stand for a whole segment: {*} or {**}'],
    ['/a/{*}/b*', 'segment "b*" can\'t stand beside a template: no *, no empty or special characters'],
    ['/{*}//a', 'segment "" can\'t stand beside a template: no *, no empty or special characters'],
    ['/{*}/é', 'segment "é" can\'t stand beside a template: no *, no empty or special characters'],
  ])('%s is refused', (path, expected) => {
    expect(pathTemplateError(path)).toBe(expected);
  });

  it.each(['/{*}', '{*}', '/{**}/x', '//{*}//', '/a*b', '*a*', '/é', '', '/api/*/items'])(
    '%s is taken',
    (path) => {
      expect(pathTemplateError(path)).toBeNull();
    },
  );

  it('of a million slashes is read without a stall', () => {
    expect(pathTemplateError(`x${'/'.repeat(1_000_000)}y`)).toBeNull();
  });
});
