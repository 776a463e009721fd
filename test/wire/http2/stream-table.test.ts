import { describe, expect, it } from 'vitest';
import { StreamTable } from '../../../wire/http2/stream-table.ts';
import { Http2Stream } from '../../../wire/http2/stream.ts';

const streamOf = (id: number): Http2Stream<null> => new Http2Stream(id, 1, 1, 0);

describe('the streams of a connection', () => {
  it('are those that were added and not deleted, whatever places they had', () => {
    const table = new StreamTable<null>();
    const one = streamOf(1);
    const three = streamOf(3);
    const five = streamOf(5);
    table.add(one);
    table.add(three);
    table.delete(1);
    expect([table.size, table.get(1), table.get(3)]).toEqual([1, undefined, three]);
    table.add(five);
    expect(table.get(5)).toBe(five);
    expect(table.get(3)).toBe(three);
    expect(new Set(table.all())).toEqual(new Set([three, five]));
    table.delete(3);
    table.delete(5);
    expect([table.size, table.all()]).toEqual([0, []]);
  });

  it('lose nothing when one is deleted that isn’t there, or twice', () => {
    const table = new StreamTable<null>();
    const one = streamOf(1);
    table.add(one);
    table.delete(7);
    table.delete(1);
    table.delete(1);
    const [three, five] = [streamOf(3), streamOf(5)];
    table.add(three);
    table.add(five);
    expect([table.get(3), table.get(5), table.size]).toEqual([three, five, 2]);
  });

  it('may be deleted while somebody walks through them', () => {
    const table = new StreamTable<null>();
    for (const id of [1, 3, 5]) table.add(streamOf(id));
    const seen: number[] = [];
    for (const { id } of table.all()) {
      seen.push(id);
      table.delete(id);
    }
    expect([seen, table.size]).toEqual([[1, 3, 5], 0]);
  });
});
