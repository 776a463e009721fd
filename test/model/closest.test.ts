import { describe, expect, it } from 'vitest';
import { closest } from '../../model/closest.ts';

describe('closest', () => {
  it.each([
    ['comand', ['command', 'compose'], 'command'],
    ['Portz', ['ports', 'policies'], 'ports'],
    ['form', ['from', 'to'], 'from'],
    ['AuthorizationPolcy', ['AuthorizationPolicy', 'PeerAuthentication'], 'AuthorizationPolicy'],
    ['banana', ['ports', 'policies'], null],
    ['x', [], null],
    ['x'.repeat(1_000_000), ['x'], null],
  ])('of %s', (word, candidates, expected) => {
    expect(closest(word, candidates)).toBe(expected);
  });
});
