import { describe, expect, it } from 'vitest';
import type { HeaderList } from '../../../model/request-facts.ts';
import { applyOperations, setHeader } from '../../../policy/routes/header-operations.ts';
import type { HeaderOperations } from '../../../policy/routes/compiled-routes.ts';

const before: HeaderList = [
  ['a', '1'],
  ['b', '2'],
  ['a', '3'],
];
const applied = (operations: Partial<HeaderOperations>, headers = before) =>
  applyOperations(headers, { remove: [], change: [], ...operations }, (request) => ({
    request,
    response: [],
    protocol: '',
    remoteAddress: '',
    remotePort: 0,
    localAddress: '',
    localPort: 0,
    routeName: '',
  }));
const set = (name: string, value: string) => ({ name, value, append: false });
const add = (name: string, value: string) => ({ name, value, append: true });

describe('header operations', () => {
  it('that are none change nothing, and ask nothing', () => {
    expect(
      applyOperations(before, { remove: [], change: [] }, () => {
        throw new Error('asked');
      }),
    ).toBe(before);
  });

  it('take all fields of a name away', () => {
    expect(applied({ remove: ['a', 'nope'] })).toEqual([['b', '2']]);
  });

  it('set in the place of the first, or at the end', () => {
    expect(applied({ change: [set('a', '9')] })).toEqual([
      ['a', '9'],
      ['b', '2'],
    ]);
    expect(applied({ change: [set('c', '9')] })).toEqual([...before, ['c', '9']]);
  });

  it('add at the end', () => {
    expect(applied({ change: [add('a', '9'), add('a', '8')] })).toEqual([...before, ['a', '9'], ['a', '8']]);
  });

  it('remove, then set, then add, however they are written', () => {
    expect(applied({ change: [add('c', '1'), set('c', '2'), set('b', '3')], remove: ['b'] })).toEqual([
      ['a', '1'],
      ['a', '3'],
      ['c', '2'],
      ['b', '3'],
      ['c', '1'],
    ]);
    expect(applied({ change: [add('b', '9')], remove: ['b'] })).toEqual([
      ['a', '1'],
      ['a', '3'],
      ['b', '9'],
    ]);
  });

  it('see what is there after the removals, first value only, and drop what comes out empty', () => {
    expect(
      applied({
        change: [set('c', '%REQ(a)%'), set('a', '9'), add('d', '%REQ(a)%'), set('e', '%REQ(nope)%')],
      }),
    ).toEqual([
      ['a', '9'],
      ['b', '2'],
      ['c', '1'],
      ['d', '1'],
    ]);
    expect(applied({ remove: ['a'], change: [set('c', '%REQ(a)%')] })).toEqual([['b', '2']]);
    expect(applied({ change: [set('a', '')] })).toEqual(before);
  });
});

describe('a header that is set', () => {
  it('stands once', () => {
    expect(setHeader(before, 'a', '9')).toEqual([
      ['a', '9'],
      ['b', '2'],
    ]);
    expect(setHeader([], 'a', '9')).toEqual([['a', '9']]);
    expect(setHeader(before, 'b', '9')).toEqual([
      ['a', '1'],
      ['b', '9'],
      ['a', '3'],
    ]);
  });
});
