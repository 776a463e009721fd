/**
 * Budgets against a peer that makes work and none for itself: streams opened to be reset (CVE-2023-44487, and what
 * it makes us reset, CVE-2025-8671), empty frames, settings, pings, window updates, priorities (CVE-2019-9511 to
 * 9518). Envoy's bounds where it has one.
 */
import { ERROR, type ConnectionFault } from './protocol.ts';

/** Envoy's `premature_reset_total_stream_count` and `premature_reset_min_stream_lifetime`. */
const PREMATURE_STREAMS = 500;
const PREMATURE_MS = 1_000;
/** Envoy's `max_consecutive_inbound_frames_with_empty_payload`. */
const MAX_EMPTY_FRAMES = 1;
/** Envoy's `max_inbound_priority_frames_per_stream` and `max_inbound_window_update_frames_per_data_frame_sent`. */
const PRIORITIES_PER_STREAM = 100;
const WINDOW_UPDATES_PER_DATA = 10;
/** Answers (SETTINGS and PING acknowledged, RST_STREAM) that may wait for a peer that doesn't read: Envoy's bound. */
const MAX_UNREAD_ANSWERS = 1_000;
/** Messages that may wait so, as those without a body do: a body waits for room. Envoy's `max_outbound_frames`. */
const MAX_UNREAD_MESSAGES = 10_000;
/**
 * Frames that move no message (settings, pings, unknown types, resets of what is over): so many at once, more with the
 * time, and more with the messages that do move: gRPC's clients ping with the data, and servers reset what they
 * answered early.
 */
const IDLE_FRAMES = 1_000;
const IDLE_FRAMES_A_SECOND = 100;
const IDLE_FRAMES_A_STREAM = 2;

function calm(reason: string): ConnectionFault {
  return { code: ERROR.ENHANCE_YOUR_CALM, reason };
}

export class FloodGuard {
  #opened = 0;
  #closed = 0;
  #premature = 0;
  #empty = 0;
  #priorities = 0;
  #windowUpdates = 0;
  #dataFramesSent = 0;
  #unreadAnswers = 0;
  #unreadMessages = 0;
  #idle = IDLE_FRAMES;
  #idleAt = 0;

  streamOpened(): void {
    this.#opened += 1;
    this.#idle += IDLE_FRAMES_A_STREAM;
  }

  dataSent(): void {
    this.#dataFramesSent += 1;
    this.#idle += 1;
  }

  /** A stream ended; `premature`: reset by the peer, or by us for the peer's fault, before it was over. */
  streamClosed(end: 'complete' | 'premature', lifetimeMs: number): ConnectionFault | null {
    this.#closed += 1;
    if (end === 'complete' || lifetimeMs >= PREMATURE_MS) return null;
    this.#premature += 1;
    const bound = Math.max(PREMATURE_STREAMS, this.#closed);
    return this.#premature * 2 >= bound ? calm('rapid-reset') : null;
  }

  /** A DATA, HEADERS or CONTINUATION frame that ends no stream. */
  payloadFrame(length: number): ConnectionFault | null {
    if (length > 0) {
      this.#empty = 0;
      this.#idle += 1;
      return null;
    }
    this.#empty += 1;
    return this.#empty > MAX_EMPTY_FRAMES ? calm('empty-frame-flood') : null;
  }

  priority(): ConnectionFault | null {
    this.#priorities += 1;
    return this.#priorities > PRIORITIES_PER_STREAM * (1 + this.#opened) ? calm('priority-flood') : null;
  }

  windowUpdate(): ConnectionFault | null {
    this.#windowUpdates += 1;
    const allowed = 5 + 2 * (this.#opened + WINDOW_UPDATES_PER_DATA * this.#dataFramesSent);
    return this.#windowUpdates > allowed ? calm('window-update-flood') : null;
  }

  /** A frame that moves no message. */
  idleFrame(nowMs: number): ConnectionFault | null {
    const gained = ((nowMs - this.#idleAt) * IDLE_FRAMES_A_SECOND) / 1_000;
    this.#idle = Math.min(IDLE_FRAMES, this.#idle + gained) - 1;
    this.#idleAt = nowMs;
    return this.#idle < 0 ? calm('control-frame-flood') : null;
  }

  /** An answer was written that the peer made us give. */
  answered(): ConnectionFault | null {
    this.#unreadAnswers += 1;
    return this.#unreadAnswers > MAX_UNREAD_ANSWERS ? calm('unread-answers') : null;
  }

  /** The last frame of a message of ours was written. */
  messageWritten(): ConnectionFault | null {
    this.#unreadMessages += 1;
    return this.#unreadMessages > MAX_UNREAD_MESSAGES ? calm('unread-answers') : null;
  }

  /** Everything written so far has left. */
  drained(): void {
    this.#unreadAnswers = 0;
    this.#unreadMessages = 0;
  }
}
