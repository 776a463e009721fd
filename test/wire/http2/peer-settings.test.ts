import { describe, expect, it } from 'vitest';
import { PeerSettings } from '../../../wire/http2/peer-settings.ts';
import { ERROR, SETTING } from '../../../wire/http2/protocol.ts';
import { uint32 } from '../../support/http2-frames.ts';

type Setting = [identifier: number, value: number];

function payload(...settings: Setting[]): Buffer {
  return Buffer.concat(
    settings.flatMap(([identifier, value]) => [
      Buffer.from([identifier >> 8, identifier & 0xff]),
      uint32(value),
    ]),
  );
}

function read(role: 'server' | 'client', ...settings: Setting[]) {
  const peer = new PeerSettings();
  const bytes = payload(...settings);
  const fault = peer.read(role, bytes, 0, bytes.length);
  return { peer, fault };
}

describe('settings that RFC 9113 §6.5.2 forbids', () => {
  it.each<[string, 'server' | 'client', Setting, number]>([
    ['ENABLE_PUSH of 2', 'server', [SETTING.ENABLE_PUSH, 2], ERROR.PROTOCOL_ERROR],
    ['ENABLE_PUSH of 2 from a server', 'client', [SETTING.ENABLE_PUSH, 2], ERROR.PROTOCOL_ERROR],
    ['ENABLE_PUSH of 1 from a server', 'client', [SETTING.ENABLE_PUSH, 1], ERROR.PROTOCOL_ERROR],
    ['a window of 2³¹', 'server', [SETTING.INITIAL_WINDOW_SIZE, 2 ** 31], ERROR.FLOW_CONTROL_ERROR],
    ['frames of 16,383 bytes', 'server', [SETTING.MAX_FRAME_SIZE, 16_383], ERROR.PROTOCOL_ERROR],
    ['frames of 2²⁴ bytes', 'server', [SETTING.MAX_FRAME_SIZE, 2 ** 24], ERROR.PROTOCOL_ERROR],
  ])('are a connection error: %s', (_title, role, setting, code) => {
    expect(read(role, setting).fault?.code).toBe(code);
    expect(read(role, [SETTING.MAX_HEADER_LIST_SIZE, 1], setting, [SETTING.ENABLE_PUSH, 0]).fault?.code).toBe(
      code,
    );
  });

  it('are told apart by their reasons', () => {
    expect(read('server', [SETTING.ENABLE_PUSH, 2]).fault?.reason).toBe('bad-enable-push');
    expect(read('server', [SETTING.MAX_FRAME_SIZE, 0]).fault?.reason).toBe('bad-max-frame-size');
  });
});

describe('the peer’s settings', () => {
  it('are what the RFC says until it tells others, and the last of several counts', () => {
    expect(new PeerSettings()).toMatchObject({ tableBytes: 4_096, initialWindow: 65_535 });
    const { peer, fault } = read(
      'server',
      [SETTING.HEADER_TABLE_SIZE, 100],
      [SETTING.MAX_CONCURRENT_STREAMS, 7],
      [SETTING.INITIAL_WINDOW_SIZE, 2 ** 31 - 1],
      [SETTING.HEADER_TABLE_SIZE, 2 ** 32 - 1],
    );
    expect(fault).toBeNull();
    expect(peer).toMatchObject({
      tableBytes: 2 ** 32 - 1,
      maxConcurrentStreams: 7,
      initialWindow: 2 ** 31 - 1,
    });
  });

  it.each<['server' | 'client', Setting]>([
    ['server', [SETTING.ENABLE_PUSH, 0]],
    ['server', [SETTING.ENABLE_PUSH, 1]],
    ['client', [SETTING.ENABLE_PUSH, 0]],
    ['server', [SETTING.MAX_FRAME_SIZE, 16_384]],
    ['server', [SETTING.MAX_FRAME_SIZE, 2 ** 24 - 1]],
    ['server', [SETTING.INITIAL_WINDOW_SIZE, 0]],
    ['server', [0xab_cd, 2 ** 32 - 1]],
    ['server', [0, 9]],
  ])('that it may send, or that nobody knows, are no fault: %s %j', (role, setting) => {
    const { peer, fault } = read(role, setting);
    expect(fault).toBeNull();
    if (setting[0] !== SETTING.INITIAL_WINDOW_SIZE) expect(peer).toEqual(new PeerSettings());
  });

  it('end with their frame', () => {
    const peer = new PeerSettings();
    const bytes = payload(
      [SETTING.HEADER_TABLE_SIZE, 1],
      [SETTING.HEADER_TABLE_SIZE, 2],
      [SETTING.ENABLE_PUSH, 9],
    );
    expect(peer.read('server', bytes, 6, 12)).toBeNull();
    expect(peer.tableBytes).toBe(2);
  });
});
