/** What can be said of a frame by its head alone: on which stream its type may come, and how long it must be. */
import type { Frame } from './frame-reader.ts';
import { ERROR, FLAG, FRAME, type ConnectionFault } from './protocol.ts';

interface Shape {
  /** For reasons. */
  name: string;
  on: 'connection' | 'stream' | 'either';
  fits(length: number): boolean;
}

const any = (): boolean => true;

/** RFC 9113 §6, by type; DATA on the connection is data on an idle stream. */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [FRAME.HEADERS, { name: 'headers', on: 'stream', fits: any }],
  [FRAME.PRIORITY, { name: 'priority', on: 'stream', fits: (length) => length === 5 }],
  [FRAME.RST_STREAM, { name: 'reset', on: 'stream', fits: (length) => length === 4 }],
  [FRAME.SETTINGS, { name: 'settings', on: 'connection', fits: (length) => length % 6 === 0 }],
  [FRAME.PING, { name: 'ping', on: 'connection', fits: (length) => length === 8 }],
  [FRAME.GOAWAY, { name: 'goaway', on: 'connection', fits: (length) => length >= 8 }],
  [FRAME.WINDOW_UPDATE, { name: 'window-update', on: 'either', fits: (length) => length === 4 }],
]);

/** null = the frame may be looked into. */
export function shapeFault({ type, stream, from, to }: Frame): ConnectionFault | null {
  const shape = SHAPES.get(type);
  if (shape === undefined) return null;
  if (shape.on === 'connection' && stream !== 0) return protocolError(`${shape.name}-on-stream`);
  if (shape.on === 'stream' && stream === 0) return protocolError(`${shape.name}-on-connection`);
  return shape.fits(to - from)
    ? null
    : { code: ERROR.FRAME_SIZE_ERROR, reason: `${shape.name}-of-wrong-size` };
}

/** Length of a DATA frame's padding, its length field included. */
export function paddingOf({ flags, bytes, from, to }: Frame): number | ConnectionFault {
  if ((flags & FLAG.PADDED) === 0) return 0;
  if (to === from) return { code: ERROR.FRAME_SIZE_ERROR, reason: 'data-too-short' };
  const padding = 1 + (bytes[from] as number);
  return padding > to - from ? protocolError('data-padding-too-long') : padding;
}

export function protocolError(reason: string): ConnectionFault {
  return { code: ERROR.PROTOCOL_ERROR, reason };
}
