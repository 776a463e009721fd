/** Each budget at its bound. */
import { describe, expect, it } from 'vitest';
import { FloodGuard } from '../../../wire/http2/flood-guard.ts';
import { ERROR } from '../../../wire/http2/protocol.ts';

/** How often `turn` may happen before it ends the connection, with its reason. */
function bound(turn: () => { code: number; reason: string } | null, most = 20_000): [number, string] | null {
  for (let count = 0; count < most; count += 1) {
    const fault = turn();
    if (fault === null) continue;
    expect(fault.code).toBe(ERROR.ENHANCE_YOUR_CALM);
    return [count, fault.reason];
  }
  return null;
}

describe('streams that end before their time', () => {
  it('may be 249 at first', () => {
    const guard = new FloodGuard();
    expect(bound(() => guard.streamClosed('premature', 0))).toEqual([249, 'rapid-reset']);
  });

  it('may be half of all, later', () => {
    const guard = new FloodGuard();
    expect(
      bound(
        () =>
          guard.streamClosed('complete', 0) ??
          guard.streamClosed('complete', 0) ??
          guard.streamClosed('premature', 0),
      ),
    ).toBeNull();
    const even = new FloodGuard();
    expect(bound(() => even.streamClosed('complete', 0) ?? even.streamClosed('premature', 0))).toEqual([
      249,
      'rapid-reset',
    ]);
    const late = new FloodGuard();
    for (let count = 0; count < 1_000; count += 1) expect(late.streamClosed('complete', 0)).toBeNull();
    expect(bound(() => late.streamClosed('premature', 0))).toEqual([999, 'rapid-reset']);
  });

  it('are none after a second', () => {
    const guard = new FloodGuard();
    expect(bound(() => guard.streamClosed('premature', 1_000))).toBeNull();
    expect(bound(() => guard.streamClosed('premature', 999))).not.toBeNull();
  });
});

describe('frames', () => {
  it('may be empty once between two that aren’t', () => {
    const guard = new FloodGuard();
    expect(bound(() => guard.payloadFrame(1) ?? guard.payloadFrame(0))).toBeNull();
    expect(guard.payloadFrame(0)).toEqual({ code: ERROR.ENHANCE_YOUR_CALM, reason: 'empty-frame-flood' });
    const other = new FloodGuard();
    expect([other.payloadFrame(0), other.payloadFrame(0)?.reason]).toEqual([null, 'empty-frame-flood']);
  });

  it('may be priorities, a hundred and a hundred more a stream', () => {
    const none = new FloodGuard();
    expect(bound(() => none.priority())).toEqual([100, 'priority-flood']);
    const two = new FloodGuard();
    two.streamOpened();
    two.streamOpened();
    expect(bound(() => two.priority())).toEqual([300, 'priority-flood']);
  });

  it('may be window updates: five, two more a stream, twenty more a frame of data', () => {
    const none = new FloodGuard();
    expect(bound(() => none.windowUpdate())).toEqual([5, 'window-update-flood']);
    const more = new FloodGuard();
    more.streamOpened();
    more.dataSent();
    more.dataSent();
    expect(bound(() => more.windowUpdate())).toEqual([47, 'window-update-flood']);
  });

  it('may ask for a thousand answers that nobody has read', () => {
    const guard = new FloodGuard();
    for (let count = 0; count < 1_000; count += 1) expect(guard.answered()).toBeNull();
    guard.drained();
    expect(bound(() => guard.answered())).toEqual([1_000, 'unread-answers']);
  });
});

describe('frames that move no message', () => {
  it('may be a thousand at once, and a hundred a second', () => {
    const guard = new FloodGuard();
    expect(bound(() => guard.idleFrame(0))).toEqual([1_000, 'control-frame-flood']);
    const later = new FloodGuard();
    for (let count = 0; count < 1_000; count += 1) expect(later.idleFrame(5_000)).toBeNull();
    expect(later.idleFrame(5_009)).not.toBeNull();
    const slow = new FloodGuard();
    for (let count = 0; count < 1_000; count += 1) slow.idleFrame(5_000);
    expect(bound(() => slow.idleFrame(6_000))).toEqual([100, 'control-frame-flood']);
    let now = 7_000;
    const steady = new FloodGuard();
    expect(
      bound(() => {
        now += 10;
        return steady.idleFrame(now);
      }),
    ).toBeNull();
  });

  it('never more than a thousand, however long it was quiet', () => {
    const guard = new FloodGuard();
    expect(bound(() => guard.idleFrame(1_000_000))).toEqual([1_000, 'control-frame-flood']);
  });

  it('may be more with what does move: two a stream, one a frame of data either way', () => {
    const guard = new FloodGuard();
    for (let count = 0; count < 1_000; count += 1) guard.idleFrame(0);
    guard.streamOpened();
    guard.dataSent();
    guard.payloadFrame(1);
    expect(bound(() => guard.idleFrame(0))).toEqual([4, 'control-frame-flood']);
    guard.payloadFrame(0);
    expect(guard.idleFrame(0)).not.toBeNull();
  });
});
