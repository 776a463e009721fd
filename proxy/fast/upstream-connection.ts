/**
 * One kept-alive connection to an upstream: reads answers off it, one exchange at a time. It knows where an answer
 * ends and nothing of what it means; whatever can't be delimited for sure is a failure, and the connection is closed.
 */
import type { Duplex } from 'node:stream';
import { ChunkReader } from '../../wire/http1/chunk-reader.ts';
import { readResponseHead, type PlainResponse } from '../../wire/http1/response-head.ts';

import type { Decision } from '../../model/decision.ts';
import { decisionOf } from '../error-table.ts';
import type { PeerConnection } from '../outbound-route.ts';
import type { Inlet } from './inlet.ts';
import type { UpstreamSet } from './upstream-set.ts';

/** Whom an answer is for. Bytes are lent to it: they are good during the call only. */
export interface AnswerSink {
  /** An interim answer: 100 Continue, or one that tells something. */
  answerHinted(head: PlainResponse): void;
  /** `lent`: what of its body came with the head, for the framing `length`; `done`: nothing follows. */
  answerBegan(head: PlainResponse, lent: Buffer | null, done: boolean): void;
  /** More of the content. */
  answerWentOn(lent: Buffer, done: boolean): void;
  /** The end of an answer that had no length. */
  answerEnded(): void;
  /** The upstream broke off or broke the rules; `began`: after its head. */
  upstreamFailed(decision: Decision, began: boolean): void;
  /** May write on. */
  upstreamDrained(): void;
}

/** Envoy's bound for a response's head. */
const MAX_HEAD = 60 * 1_024;
/** What is turned into text at first: nearly every head is shorter. */
const FIRST_LOOK = 4_096;

type Reading = 'nothing' | 'head' | 'length' | 'chunked' | 'close';

export class UpstreamConnection {
  readonly stream: Duplex;
  /** Facts of the gate; null = the sidecar's own application. */
  readonly peer: PeerConnection | null;
  /** Exchanges that it carried to their end. */
  carried = 0;
  /** Where it stands among the idle ones; -1 = it doesn't. */
  idleAt = -1;
  /** Closed when idle for that long, by the lane's clock. */
  idleUntil = 0;
  readonly #set: UpstreamSet;
  #sink: AnswerSink | null = null;
  #method = '';
  #reading: Reading = 'nothing';
  #partial: Buffer | null = null;
  #left = 0;
  #chunks: ChunkReader | null = null;
  #keepsAlive = false;
  #keepAliveMs: number | null = null;

  /** `inlet`: what the stream is read through, where the dialer did so. */
  constructor(set: UpstreamSet, stream: Duplex, peer: PeerConnection | null, inlet: Inlet) {
    this.#set = set;
    this.stream = stream;
    this.peer = peer;
    inlet.reader = (lent) => this.#take(lent);
    stream.on('data', inlet.reader);
    stream.on('end', () => this.#ended());
    stream.on('error', () => this.#broke());
    stream.on('close', () => this.#broke());
    stream.on('drain', () => this.#sink?.upstreamDrained());
    stream.resume();
  }

  /** The next answer is `sink`'s; to be called before the request is written. */
  begin(sink: AnswerSink, method: string): void {
    this.#sink = sink;
    this.#method = method;
    this.#reading = 'head';
  }

  /** Nobody waits for its answer any more, and none may come to somebody else. */
  abandon(): void {
    this.#sink = null;
    this.destroy();
  }

  destroy(): void {
    this.#reading = 'nothing';
    this.#set.remove(this);
    this.stream.destroy();
  }

  /** Nothing of `chunk` is kept: it is lent. */
  #take(chunk: Buffer): void {
    const sink = this.#sink;
    switch (this.#reading) {
      case 'head':
        this.#takeHead(chunk);
        return;
      case 'length':
        this.#takeLength(chunk, sink);
        return;
      case 'chunked':
        this.#takeChunks(chunk, 0);
        return;
      case 'close':
        sink?.answerWentOn(chunk, false);
        return;
      case 'nothing':
        // Bytes that nobody asked for would be read as the next exchange's answer.
        this.destroy();
    }
  }

  #takeHead(piece: Buffer): void {
    const chunk = this.#partial === null ? piece : Buffer.concat([this.#partial, piece]);
    let head = readResponseHead(
      chunk.toString('latin1', 0, Math.min(chunk.length, FIRST_LOOK)),
      this.#method,
    );
    if (head === 'incomplete' && chunk.length > FIRST_LOOK)
      head = readResponseHead(chunk.toString('latin1', 0, Math.min(chunk.length, MAX_HEAD)), this.#method);
    if (head === 'broken' || (head === 'incomplete' && chunk.length >= MAX_HEAD)) {
      this.#fail(decisionOf('upstream-protocol-error'), false);
      return;
    }
    if (head === 'incomplete') {
      this.#partial = chunk === piece ? Buffer.from(chunk) : chunk;
      return;
    }
    this.#partial = null;
    if (head.status < 200) this.#interim(head, chunk);
    else this.#begin(head, chunk);
  }

  #interim(head: PlainResponse, chunk: Buffer): void {
    if (head.status === 101) {
      // An upgrade that nobody asked for.
      this.#fail(decisionOf('upstream-reset'), false);
      return;
    }
    this.#sink?.answerHinted(head);
    if (chunk.length > head.headLength) this.#takeHead(chunk.subarray(head.headLength));
  }

  #begin(head: PlainResponse, chunk: Buffer): void {
    const { headLength, framing } = head;
    const sink = this.#sink;
    this.#keepsAlive = head.keepsAlive;
    this.#keepAliveMs = head.keepAliveMs;
    if (framing === 'none') {
      this.#release(chunk.length > headLength);
      sink?.answerBegan(head, null, true);
      return;
    }
    this.#reading = framing;
    if (framing === 'length') {
      const there = Math.min(chunk.length - headLength, head.length);
      this.#left = head.length - there;
      const body = there === 0 ? null : chunk.subarray(headLength, headLength + there);
      if (this.#left === 0) this.#release(chunk.length > headLength + there);
      sink?.answerBegan(head, body, this.#left === 0);
      return;
    }
    this.#chunks = framing === 'chunked' ? new ChunkReader() : null;
    sink?.answerBegan(head, null, false);
    if (chunk.length === headLength) return;
    if (framing === 'chunked') this.#takeChunks(chunk, headLength);
    else sink?.answerWentOn(chunk.subarray(headLength), false);
  }

  #takeLength(chunk: Buffer, sink: AnswerSink | null): void {
    const { length } = chunk;
    const there = Math.min(length, this.#left);
    this.#left -= there;
    if (this.#left === 0) this.#release(length > there);
    sink?.answerWentOn(there === length ? chunk : chunk.subarray(0, there), this.#left === 0);
  }

  #takeChunks(chunk: Buffer, start: number): void {
    const reader = this.#chunks;
    const sink = this.#sink;
    if (reader === null || sink === null) return;
    for (let at = start; ; ) {
      const step = reader.read(chunk, at);
      at = reader.to;
      if (step === 'piece') {
        sink.answerWentOn(chunk.subarray(reader.from, at), false);
        if (this.#sink !== sink) return;
        continue;
      }
      if (step === 'broken') this.#fail(decisionOf('upstream-protocol-error'), true);
      if (step === 'end') {
        this.#release(at < chunk.length);
        sink.answerEnded();
      }
      return;
    }
  }

  /** The answer is whole; `surplus`: bytes came behind it, and nobody knows what they are. */
  #release(surplus: boolean): void {
    this.#sink = null;
    this.#reading = 'nothing';
    this.#chunks = null;
    this.carried += 1;
    if (surplus || !this.#keepsAlive || this.stream.destroyed) this.destroy();
    else this.#set.put(this, this.#keepAliveMs);
  }

  #ended(): void {
    const sink = this.#sink;
    if (this.#reading === 'close' && sink !== null) {
      this.#sink = null;
      this.destroy();
      sink.answerEnded();
      return;
    }
    this.#broke();
  }

  #broke(): void {
    if (this.#sink === null) this.destroy();
    else this.#fail(decisionOf('upstream-reset'), this.#reading !== 'head');
  }

  #fail(decision: Decision, began: boolean): void {
    const sink = this.#sink;
    this.#sink = null;
    this.destroy();
    sink?.upstreamFailed(decision, began);
  }
}
