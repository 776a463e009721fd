import { describe, expect, it } from 'vitest';
import type { HeaderField } from '../../../wire/http2/header-field.ts';
import { DynamicTable } from '../../../wire/http2/hpack-dynamic-table.ts';

/** A field that takes 40 bytes of the table (§4.1). */
const field = (turn: number): HeaderField => [`n${String(turn).padStart(3, '0')}`, 'wxyz'];

function entries(table: DynamicTable): string[] {
  const names: string[] = [];
  for (let index = 0; ; index += 1) {
    const found = table.at(index);
    if (found === undefined) return names;
    names.push(found[0]);
  }
}

describe('the dynamic table', () => {
  it('has its newest entry first, and as many as fit (RFC 7541 §2.3.2, §4.4)', () => {
    const evicted: string[] = [];
    const table = new DynamicTable(120, ([name]) => evicted.push(name));
    for (const turn of [1, 2, 3]) table.add(field(turn));
    expect(entries(table)).toEqual(['n003', 'n002', 'n001']);
    expect(evicted).toEqual([]);
    table.add(field(4));
    expect(entries(table)).toEqual(['n004', 'n003', 'n002']);
    table.add(['n005', 'wxyz'.repeat(11)]);
    expect(entries(table)).toEqual(['n005', 'n004']);
    expect(evicted).toEqual(['n001', 'n002', 'n003']);
  });

  it('keeps a field of just its size, and is emptied by a larger one (§4.4)', () => {
    const table = new DynamicTable(40);
    table.add(field(1));
    table.add(field(2));
    expect(entries(table)).toEqual(['n002']);
    table.add(['n003', 'wxyz-']);
    expect(entries(table)).toEqual([]);
    table.add(field(4));
    expect(entries(table)).toEqual(['n004']);
  });

  it('gives its oldest entries up where it gets smaller, and none where it gets larger (§4.3)', () => {
    const table = new DynamicTable(200);
    for (const turn of [1, 2, 3, 4, 5]) table.add(field(turn));
    table.resize(80);
    expect(table.capacity).toBe(80);
    expect(entries(table)).toEqual(['n005', 'n004']);
    table.resize(120);
    expect(entries(table)).toEqual(['n005', 'n004']);
    table.add(field(6));
    expect(entries(table)).toEqual(['n006', 'n005', 'n004']);
    table.resize(0);
    expect(entries(table)).toEqual([]);
  });

  it('has no entry beyond its oldest, however few or many there are', () => {
    const table = new DynamicTable(40_000);
    table.add(field(0));
    for (const index of [1, 15, 16, 17, 32]) expect(table.at(index)).toBeUndefined();
    for (let turn = 1; turn < 16; turn += 1) table.add(field(turn));
    expect(table.at(15)).toEqual(field(0));
    for (const index of [16, 17, 31, 32]) expect(table.at(index)).toBeUndefined();
  });

  it('stays in order while it grows, also when its oldest have left before', () => {
    const table = new DynamicTable(400);
    for (let turn = 0; turn < 15; turn += 1) table.add(field(turn));
    table.resize(40_000);
    for (let turn = 15; turn < 60; turn += 1) table.add(field(turn));
    expect(entries(table)).toEqual(Array.from({ length: 55 }, (_, index) => field(59 - index)[0]));
  });
});
