import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../renderer/reading/traffic-filter.ts';
import { denied, event } from '../fixtures/events.ts';

const EVENTS = [
  event(1),
  denied(2),
  event(3, { kind: 'handshake', request: null, response: null, tls: null }),
];

function matches(text: string): number[] | string {
  const parsed = parseFilter(text);
  return parsed.ok ? EVENTS.filter(parsed.test).map((one) => one.id) : parsed.problem;
}

describe('the filter', () => {
  it('names an unknown key instead of matching nothing', () => {
    expect(matches('colour:red')).toMatch(/no key “colour”.*verdict/);
    expect(matches('status:abc')).toMatch(/no status/);
  });

  it('wants every term to hold', () => {
    expect(matches('verdict:denied to:payments')).toEqual([2]);
    expect(matches('verdict:denied from:orders')).toEqual([]);
    expect(matches('verdict:allowed method:post')).toEqual([1]);
  });

  it('reads statuses as a number, a family and a limit', () => {
    expect(matches('status:403')).toEqual([2]);
    expect(matches('status:4xx')).toEqual([2]);
    expect(matches('status:>=400')).toEqual([2]);
    expect(matches('status:<300')).toEqual([1]);
  });

  it('turns a term round with a minus and keeps quotes together', () => {
    expect(matches('-verdict:denied')).toEqual([1, 3]);
    expect(matches('"no allow matched"')).toEqual([2]);
    expect(matches('kind:handshake')).toEqual([3]);
  });

  it('filters nothing while a value is still being typed', () => {
    expect(matches('to:')).toEqual([1, 2, 3]);
    expect(matches('')).toEqual([1, 2, 3]);
    expect(matches('to:"pay')).toEqual([1, 2, 3]);
  });
});
