/** What the peer's SETTINGS say (RFC 9113 §6.5), checked. */
import { readUint32 } from './frame-reader.ts';
import {
  DEFAULT_MAX_FRAME_SIZE,
  DEFAULT_WINDOW,
  ERROR,
  MAX_MAX_FRAME_SIZE,
  MAX_WINDOW,
  SETTING,
  type ConnectionFault,
} from './protocol.ts';

export class PeerSettings {
  tableBytes = 4_096;
  /** Unlimited until said otherwise; nobody needs more. */
  maxConcurrentStreams = 1_024;
  initialWindow = DEFAULT_WINDOW;

  /** Reads a frame's payload, a multiple of six bytes; `role` is ours. */
  read(role: 'server' | 'client', bytes: Uint8Array, from: number, to: number): ConnectionFault | null {
    for (let at = from; at < to; at += 6) {
      const identifier = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      const fault = this.#set(role, identifier, readUint32(bytes, at + 2));
      if (fault !== null) return fault;
    }
    return null;
  }

  #set(role: 'server' | 'client', identifier: number, value: number): ConnectionFault | null {
    switch (identifier) {
      case SETTING.HEADER_TABLE_SIZE:
        this.tableBytes = value;
        return null;
      case SETTING.ENABLE_PUSH:
        // Only a client may say 1.
        return value > 1 || (role === 'client' && value === 1) ? bad('bad-enable-push') : null;
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return null;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) return { code: ERROR.FLOW_CONTROL_ERROR, reason: 'bad-initial-window' };
        this.initialWindow = value;
        return null;
      case SETTING.MAX_FRAME_SIZE:
        if (value < DEFAULT_MAX_FRAME_SIZE || value > MAX_MAX_FRAME_SIZE) return bad('bad-max-frame-size');
        // Larger frames would only make others wait.
        return null;
      default:
        return null;
    }
  }
}

function bad(reason: string): ConnectionFault {
  return { code: ERROR.PROTOCOL_ERROR, reason };
}
