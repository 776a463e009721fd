import { describe, expect, it } from 'vitest';
import type { EventWriter } from '../../../proxy/event-writer.ts';
import { WayContexts } from '../../../proxy/http2/way-contexts.ts';
import { sampleContext } from '../../support/exchanges.ts';

/** A writer that counts contexts, and which of them are in use. */
function counting(): { writer: EventWriter; inUse: Set<number> } {
  const inUse = new Set<number>();
  let made = 0;
  const writer: EventWriter = {
    context: () => {
      made += 1;
      inUse.add(made);
      return made;
    },
    release: (context) => void inUse.delete(context),
    http: () => undefined,
    event: () => undefined,
  };
  return { writer, inUse };
}

describe('contexts of a connection whose exchanges overlap', () => {
  it('are none once the connection is over, and all are released', () => {
    const { writer, inUse } = counting();
    const contexts = new WayContexts(writer);
    contexts.of(['a'], sampleContext);
    contexts.close();
    expect(inUse.size).toBe(0);
    expect(contexts.of(['a'], sampleContext)).toBeNull();
    expect(inUse.size).toBe(0);
  });

  it('differ where any part of the way does, and are made once', () => {
    const { writer } = counting();
    const contexts = new WayContexts(writer);
    const place = {};
    const first = contexts.of([place, null, 'x'], sampleContext);
    expect(contexts.of([{}, null, 'x'], sampleContext)).not.toBe(first);
    expect(contexts.of([place, 'tag', 'x'], sampleContext)).not.toBe(first);
    expect(contexts.of([place, null, 'y'], sampleContext)).not.toBe(first);
    expect(contexts.of([place, null, 'x'], () => expect.unreachable())).toBe(first);
  });

  it('are bounded: the oldest ones are released', () => {
    const { writer, inUse } = counting();
    const contexts = new WayContexts(writer);
    for (let way = 0; way < 100; way += 1) contexts.of([way], sampleContext);
    expect(inUse.size).toBeLessThanOrEqual(16);
    contexts.close();
    expect(inUse.size).toBe(0);
  });
});
