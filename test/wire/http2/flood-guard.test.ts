import { describe, expect, it } from 'vitest';
import { FloodGuard } from '../../../wire/http2/flood-guard.ts';
import { ERROR, type ConnectionFault } from '../../../wire/http2/protocol.ts';

/** How often a step is let pass before the connection ends, up to `most`. */
function passes(step: () => ConnectionFault | null, most = 20_000): number {
  for (let turn = 0; turn < most; turn += 1) if (step() !== null) return turn;
  return most;
}

const times = (count: number, step: () => unknown): void => {
  for (let turn = 0; turn < count; turn += 1) step();
};

describe('every bound', () => {
  it.each<[string, (guard: FloodGuard) => ConnectionFault | null]>([
    ['rapid-reset', (guard) => guard.streamClosed('premature', 0)],
    ['empty-frame-flood', (guard) => guard.payloadFrame(0)],
    ['priority-flood', (guard) => guard.priority()],
    ['window-update-flood', (guard) => guard.windowUpdate()],
    ['control-frame-flood', (guard) => guard.idleFrame(0)],
    ['unread-answers', (guard) => guard.answered()],
  ])('ends with ENHANCE_YOUR_CALM: %s', (reason, step) => {
    const guard = new FloodGuard();
    let fault: ConnectionFault | null = null;
    for (let turn = 0; turn < 2_000 && fault === null; turn += 1) fault = step(guard);
    expect(fault).toEqual({ code: ERROR.ENHANCE_YOUR_CALM, reason });
  });
});

describe('streams that end before their time', () => {
  it('are too many with the 250th of the first 500, as with Envoy', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.streamClosed('premature', 0))).toBe(249);
    const other = new FloodGuard();
    expect(passes(() => other.streamClosed('premature', 999))).toBe(249);
  });

  it('are too many later on when they are half of all', () => {
    const guard = new FloodGuard();
    times(1_000, () => guard.streamClosed('complete', 0));
    // The thousandth of 2,000.
    expect(passes(() => guard.streamClosed('premature', 0))).toBe(999);
  });

  it('are none when they were complete, or lasted a second', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.streamClosed('complete', 0))).toBe(20_000);
    expect(passes(() => guard.streamClosed('premature', 1_000))).toBe(20_000);
  });
});

describe('answers to a peer that reads none', () => {
  it('are too many above ten thousand, as with Envoy, and none once they have left', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.messageWritten())).toBe(10_000);
    guard.drained();
    expect(passes(() => guard.messageWritten())).toBe(10_000);
  });
});

describe('empty frames', () => {
  it('may come once between others', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.payloadFrame(0) ?? guard.payloadFrame(1))).toBe(20_000);
    expect(passes(() => guard.payloadFrame(0))).toBe(1);
  });
});

describe('priorities', () => {
  it.each([
    [0, 100],
    [1, 200],
    [4, 500],
  ])('with %i streams may come %i times', (streams, allowed) => {
    const guard = new FloodGuard();
    times(streams, () => guard.streamOpened());
    expect(passes(() => guard.priority())).toBe(allowed);
  });
});

describe('window updates', () => {
  it.each([
    [0, 0, 5],
    [3, 0, 11],
    [0, 2, 45],
    [3, 2, 51],
  ])(
    'with %i streams and %i data frames sent may come as often as Envoy lets them, %i times',
    (streams, frames, allowed) => {
      const guard = new FloodGuard();
      times(streams, () => guard.streamOpened());
      times(frames, () => guard.dataSent());
      expect(passes(() => guard.windowUpdate())).toBe(allowed);
    },
  );
});

describe('frames that move no message', () => {
  it('may come a thousand times at once, and a hundred times a second after that', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.idleFrame(5_000))).toBe(1_000);
    const later = new FloodGuard();
    times(1_000, () => later.idleFrame(5_000));
    expect(later.idleFrame(5_010)).toBeNull();
    expect(later.idleFrame(5_010)).not.toBeNull();
    let now = 7_000;
    const steady = new FloodGuard();
    expect(passes(() => steady.idleFrame((now += 10)))).toBe(20_000);
  });

  it('save up no more than a thousand', () => {
    const guard = new FloodGuard();
    times(1_000, () => guard.idleFrame(0));
    expect(passes(() => guard.idleFrame(1_000_000))).toBe(1_000);
  });

  it.each<[string, number, (guard: FloodGuard) => unknown]>([
    ['frame of a message that comes', 1, (guard) => guard.payloadFrame(1)],
    ['data frame that we send', 1, (guard) => guard.dataSent()],
    ['stream', 2, (guard) => guard.streamOpened()],
  ])('may come more often with each %s', (_title, more, step) => {
    const guard = new FloodGuard();
    times(600, () => guard.idleFrame(0));
    times(100, () => step(guard));
    expect(passes(() => guard.idleFrame(0))).toBe(400 + 100 * more);
  });

  it('are not saved up by empty frames', () => {
    const guard = new FloodGuard();
    times(600, () => guard.idleFrame(0));
    guard.payloadFrame(0);
    expect(passes(() => guard.idleFrame(0))).toBe(400);
  });
});

describe('answers', () => {
  it('may wait a thousand at a time for a peer that reads', () => {
    const guard = new FloodGuard();
    expect(passes(() => guard.answered())).toBe(1_000);
    const reading = new FloodGuard();
    times(1_000, () => reading.answered());
    reading.drained();
    expect(passes(() => reading.answered())).toBe(1_000);
  });
});
