import { describe, expect, it } from 'vitest';
import { bestNameMatch, narrowerName, withoutPort } from '../../wire/name-match.ts';

describe('bestNameMatch', () => {
  it.each([
    [['*.example.com'], 'example.com', null],
    [['*.example.com'], '.example.com', null],
    [['*.example.com'], 'evilexample.com', null],
    [['shop.example.com'], 'shop.example.com.', null],
    [['shop.example.com'], '', null],
    [['example.com'], 'shop.example.com', null],
    [['*.example.com'], '*.example.com', '*.example.com'],
    [['*.api.example.com', '*.example.com', '*'], 'a.api.example.com', '*.api.example.com'],
    [[], 'shop.example.com', null],
    [['*', '*.example.com', '*.api.example.com'], 'a.b.api.example.com', '*.api.example.com'],
    [['*', '*.example.com', 'Shop.example.com'], 'SHOP.example.com', 'Shop.example.com'],
    [['*.example.com', '*'], 'shop.example.com.', '*'],
    [['*'], '', '*'],
  ])('of %j for %j is %j', (patterns, name, best) => {
    expect(bestNameMatch(patterns, name)).toBe(best);
  });
});

it.each([
  ['shop:80', 'shop'],
  ['shop', 'shop'],
  ['shop:', 'shop'],
  [':80', ''],
  ['[fd00::5]', '[fd00::5]'],
  ['[fd00::5]:80', '[fd00::5]'],
])('%s without its port is %s', (host, name) => {
  expect(withoutPort(host)).toBe(name);
});

it.each([
  ['a.example', 'b.example', null],
  ['*.a.example', '*.b.example', null],
  ['example', '*.example', null],
  ['*', '*.example', '*.example'],
  ['*.example', '*.example', '*.example'],
  ['*', 'a.example', 'a.example'],
  ['a.example', '*.example', 'a.example'],
  ['*.example', '*.a.example', '*.a.example'],
  ['*', '*', '*'],
])('of %s and %s the narrower is %s', (one, other, narrower) => {
  expect(narrowerName(one, other)).toBe(narrower);
});
