import { describe, expect, it } from 'vitest';
import { PeerSettings } from '../../../wire/http2/peer-settings.ts';
import { ERROR, SETTING } from '../../../wire/http2/protocol.ts';
import { uint32 } from '../../support/http2-frames.ts';

function read(role: 'server' | 'client', ...settings: [number, number][]) {
  const peer = new PeerSettings();
  const bytes = Buffer.concat([
    Buffer.from([9]),
    ...settings.flatMap(([identifier, value]) => [
      Buffer.from([identifier >> 8, identifier & 0xff]),
      uint32(value),
    ]),
    Buffer.from([0, 4, 0xff, 0xff, 0xff, 0xff]),
  ]);
  const fault = peer.read(role, bytes, 1, bytes.length - 6);
  return {
    fault,
    tableBytes: peer.tableBytes,
    streams: peer.maxConcurrentStreams,
    window: peer.initialWindow,
  };
}
const DEFAULTS = { fault: null, tableBytes: 4_096, streams: 1_024, window: 65_535 };

describe('settings', () => {
  it('that say nothing leave the defaults', () => {
    expect(read('server')).toEqual(DEFAULTS);
    expect(read('server', [SETTING.MAX_HEADER_LIST_SIZE, 1], [0xbeef, 7], [0x0104, 7])).toEqual(DEFAULTS);
  });

  it('are taken in turn, the last of several', () => {
    expect(
      read(
        'server',
        [SETTING.HEADER_TABLE_SIZE, 0],
        [SETTING.MAX_CONCURRENT_STREAMS, 7],
        [SETTING.INITIAL_WINDOW_SIZE, 9],
        [SETTING.INITIAL_WINDOW_SIZE, 0x7f_ff_ff_ff],
      ),
    ).toEqual({ fault: null, tableBytes: 0, streams: 7, window: 0x7f_ff_ff_ff });
  });

  it('may not open a window beyond 2³¹−1', () => {
    expect(
      read('server', [SETTING.INITIAL_WINDOW_SIZE, 0x80_00_00_00], [SETTING.HEADER_TABLE_SIZE, 1]),
    ).toEqual({
      ...DEFAULTS,
      fault: { code: ERROR.FLOW_CONTROL_ERROR, reason: 'bad-initial-window' },
    });
  });

  it('may allow pushes where a client says so, and nothing else', () => {
    const push = (role: 'server' | 'client', value: number) => read(role, [SETTING.ENABLE_PUSH, value]).fault;
    const bad = { code: ERROR.PROTOCOL_ERROR, reason: 'bad-enable-push' };
    expect([push('server', 0), push('server', 1), push('client', 0)]).toEqual([null, null, null]);
    expect([push('server', 2), push('client', 1), push('client', 2)]).toEqual([bad, bad, bad]);
  });

  it('have a frame size between 2¹⁴ and 2²⁴−1', () => {
    const size = (value: number) => read('server', [SETTING.MAX_FRAME_SIZE, value]).fault;
    const bad = { code: ERROR.PROTOCOL_ERROR, reason: 'bad-max-frame-size' };
    expect([size(16_384), size(0xff_ff_ff)]).toEqual([null, null]);
    expect([size(16_383), size(0x01_00_00_00)]).toEqual([bad, bad]);
  });
});
