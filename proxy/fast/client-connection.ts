/**
 * A client's connection in the fast lane: plain requests, one at a time, each judged before a byte of it goes on; their
 * answers back. What isn't plain goes to the general lane untouched, and the connection stays there. Owns the order of
 * messages, back-pressure in both directions, and the ends: early answers, half-closes, a side that breaks off.
 */
import type { Duplex } from 'node:stream';
import type { Decision } from '../../model/decision.ts';
import type { PlainResponse } from '../../wire/http1/response-head.ts';
import { isSafeToRepeat, failureOf } from '../forward-http.ts';
import type { Limits } from '../limits.ts';
import { AnswerWriter } from './answer-writer.ts';
import type { Deadlines } from './deadlines.ts';
import { Exchange, type FastSide, type Step } from './exchange.ts';
import { HeadReader } from './head-reader.ts';
import type { AnswerSink, UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamSet } from './upstream-set.ts';
import { writeRequest } from './write-request.ts';

/** What a lane gives its connections. */
export interface LaneHooks {
  readonly limits: Limits;
  readonly deadlines: Deadlines;
  /** The connection is no more, or no longer in this lane. */
  left(connection: ClientConnection): void;
}

type State =
  /** Between requests, or within a head. */
  | 'head'
  | 'exchange'
  /** Answered; what the client still sends of its body is thrown away. */
  | 'lingering'
  /** Nothing more is read; what is written goes out. */
  | 'closing'
  | 'gone';

/** How long a client may go on sending a body that nobody reads (Envoy's delayed close). */
const LINGER_MS = 1_000;

export class ClientConnection implements AnswerSink {
  readonly stream: Duplex;
  /** By the lane's clock; past it the connection is given up. */
  deadline: number;
  readonly #hooks: LaneHooks;
  readonly #side: FastSide;
  /** Takes the connection on, from the bytes that were put back to it. */
  readonly #general: () => void;
  readonly #heads: HeadReader;
  readonly #answer: AnswerWriter;
  readonly #exchange = new Exchange();
  readonly #listeners: readonly [string, (chunk: Buffer) => void][];
  #state: State = 'head';
  /** No request has been read yet. */
  #fresh = true;
  /** What came behind the request in flight. */
  #stash: Buffer | null = null;
  /** Bytes of the request's body that the client hasn't sent. */
  #bodyLeft = 0;
  /** Start of a body whose upstream is being dialled. */
  #body: Buffer | null = null;
  #head = '';
  #attempts = 0;
  #upstream: UpstreamConnection | null = null;
  /** Kept to be used again: what is cached of a pair of connections stays good. */
  #lastUpstream: UpstreamConnection | null = null;

  constructor(hooks: LaneHooks, side: FastSide, stream: Duplex, general: () => void) {
    this.#hooks = hooks;
    this.#side = side;
    this.#general = general;
    this.#heads = new HeadReader(hooks.limits.maxHeaderBytes);
    this.#answer = new AnswerWriter(stream, side.server);
    this.stream = stream;
    this.deadline = hooks.deadlines.now + hooks.limits.headerTimeoutMs;
    this.#listeners = [
      ['data', (chunk: Buffer) => this.#take(chunk)],
      ['end', () => this.#clientEnded()],
      ['error', () => stream.destroy()],
      ['close', () => this.#clientClosed()],
      ['drain', () => this.#clientDrained()],
    ];
    for (const [event, listener] of this.#listeners) stream.on(event, listener);
    stream.resume();
  }

  /** Whether a request is being answered. */
  get isBusy(): boolean {
    return this.#state !== 'head' && this.#state !== 'gone';
  }

  // --- from the client ---

  #take(chunk: Buffer): void {
    switch (this.#state) {
      case 'head':
        this.#takeHead(chunk);
        return;
      case 'exchange':
        this.#takeBody(chunk);
        return;
      case 'lingering':
        this.#bodyLeft -= chunk.length;
        if (this.#bodyLeft <= 0) this.#close();
        return;
      case 'closing':
      case 'gone':
    }
  }

  #takeHead(piece: Buffer): void {
    const heads = this.#heads;
    const exchange = this.#exchange;
    const continued = heads.hasPart;
    const request = heads.read(piece);
    if (request === 'incomplete') {
      if (!continued) this.#waitForHead();
      return;
    }
    if (request === 'other') {
      this.#handOver();
      return;
    }
    if (continued) exchange.begin(exchange.startedAt, exchange.wallMs, request);
    else exchange.begin(performance.now(), Date.now(), request);
    exchange.headAt = continued ? performance.now() : exchange.startedAt;
    const step = this.#side.begin(exchange);
    if (step === null) {
      this.#handOver();
      return;
    }
    exchange.decidedAt = performance.now();
    const { bytes } = heads;
    heads.taken();
    this.#start(step, bytes, request.headLength, request.bodyLength);
  }

  #waitForHead(): void {
    this.#exchange.startedAt = performance.now();
    this.#exchange.wallMs = Date.now();
    this.deadline = this.#hooks.deadlines.now + this.#hooks.limits.headerTimeoutMs;
  }

  #start(step: Step, chunk: Buffer, headLength: number, bodyLength: number): void {
    this.#state = 'exchange';
    this.#fresh = false;
    this.#touch();
    const there = Math.min(chunk.length - headLength, bodyLength);
    this.#bodyLeft = bodyLength - there;
    this.#body = there === 0 ? null : chunk.subarray(headLength, headLength + there);
    if (chunk.length > headLength + there) this.#keep(chunk.subarray(headLength + there));
    if (step.kind === 'refuse') {
      this.#refuse(step.decision);
      return;
    }
    this.#head = step.head;
    this.#attempts = 1;
    const idle = step.upstreams.take(this.#lastUpstream);
    if (idle === null) this.#dial(step.upstreams);
    else this.#send(idle);
  }

  #takeBody(chunk: Buffer): void {
    this.#touch();
    const there = Math.min(chunk.length, this.#bodyLeft);
    if (there < chunk.length) this.#keep(chunk.subarray(there));
    if (there === 0) return;
    this.#bodyLeft -= there;
    const piece = there === chunk.length ? chunk : chunk.subarray(0, there);
    const upstream = this.#upstream;
    if (upstream === null) {
      this.#body = this.#body === null ? piece : Buffer.concat([this.#body, piece]);
      return;
    }
    this.#exchange.requestBytes += there;
    if (!upstream.stream.write(piece)) this.stream.pause();
  }

  /** Pipelined: read when the request before it is answered. */
  #keep(bytes: Buffer): void {
    this.#stash = this.#stash === null ? bytes : Buffer.concat([this.#stash, bytes]);
    this.stream.pause();
  }

  // --- to the upstream ---

  #dial(upstreams: UpstreamSet): void {
    if (this.#bodyLeft > 0) this.stream.pause();
    upstreams.dial().then(
      (upstream) => {
        if (this.#state === 'exchange') this.#send(upstream);
        else upstreams.put(upstream, null);
      },
      (error: Error) => {
        if (this.#state === 'exchange') this.#failed(failureOf(error, false), true);
      },
    );
  }

  #send(upstream: UpstreamConnection): void {
    this.#upstream = upstream;
    this.#lastUpstream = upstream;
    upstream.begin(this, this.#exchange.request.method);
    this.#side.carriedBy(upstream);
    const body = this.#body;
    this.#body = null;
    this.#exchange.requestBytes += body?.length ?? 0;
    const goesOn = writeRequest(upstream.stream, this.#head, body);
    if (this.#bodyLeft === 0) return;
    if (goesOn) this.stream.resume();
    else this.stream.pause();
  }

  upstreamDrained(): void {
    if (this.#bodyLeft > 0 && this.#stash === null) this.stream.resume();
  }

  /** The attempt failed; `unsent`: nobody can have acted on it. */
  #failed(decision: Decision, unsent: boolean): void {
    const again = unsent && !this.stream.destroyed ? this.#side.again(this.#attempts, decision) : null;
    if (again === null) {
      this.#refuse(this.#side.refusal(decision, this.#attempts));
      return;
    }
    this.#attempts += 1;
    this.#dial(again);
  }

  // --- the answer ---

  upstreamFailed(decision: Decision, began: boolean): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    this.#lastUpstream = null;
    if (began) {
      // The client gets what there is of it.
      this.#answer.flush();
      this.#side.ended(this.#exchange, 'upstream-gone', null);
      this.#leave();
      this.stream.destroy();
      return;
    }
    const { method, bodyLength } = this.#exchange.request;
    // A kept-alive connection that the upstream closed meanwhile has carried nothing of this request.
    const stale = upstream !== null && upstream.carried > 0 && bodyLength === 0 && isSafeToRepeat(method);
    this.#failed(decision, stale && decision.reason === 'upstream-reset');
  }

  answerHinted(head: PlainResponse): void {
    this.#answer.hints(head);
  }

  answerBegan(head: PlainResponse, lent: Buffer | null, done: boolean): void {
    this.#exchange.answeredAt = performance.now();
    this.#answer.begin(this.#exchange, head, lent, done);
    this.#afterAnswered(done);
  }

  answerWentOn(lent: Buffer, done: boolean): void {
    this.#touch();
    this.#answer.goOn(this.#exchange, lent, done);
    this.#afterAnswered(done);
  }

  answerEnded(): void {
    this.#answer.end();
    this.#complete();
  }

  #afterAnswered(done: boolean): void {
    if (done) this.#complete();
    else if (this.#answer.full) this.#upstream?.stream.pause();
  }

  #clientDrained(): void {
    this.#touch();
    if (this.#upstream !== null) this.#upstream.stream.resume();
    else if (this.#state === 'head') this.#goOn();
  }

  /** The answer is out. */
  #complete(): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    // It may have been paused for this client; the next one's answer must flow.
    if (upstream !== null && upstream.stream.isPaused()) upstream.stream.resume();
    this.#side.ended(this.#exchange, 'complete', null);
    // An upstream that answered before the body's end would read the rest of it as its next request.
    if (this.#bodyLeft > 0) upstream?.destroy();
    this.#afterAnswer();
  }

  /** Answers in the upstream's place. */
  #refuse(decision: Decision): void {
    const exchange = this.#exchange;
    this.#body = null;
    const closes = exchange.request.closes || this.#bodyLeft > 0;
    this.#answer.refuse(exchange, decision, closes ? 'closes' : 'stays open');
    this.#side.ended(exchange, 'complete', decision);
    this.#afterAnswer();
  }

  #afterAnswer(): void {
    if (this.#bodyLeft > 0) {
      this.#state = 'lingering';
      this.deadline = this.#hooks.deadlines.now + LINGER_MS;
      this.stream.resume();
      return;
    }
    if (this.#exchange.request.closes) {
      this.#close();
      return;
    }
    this.#state = 'head';
    this.deadline = this.#hooks.deadlines.now + this.#hooks.limits.keepAliveTimeoutMs;
    if (this.#stash !== null) queueMicrotask(() => this.#goOn());
    // Each answer that nobody reads would be kept here.
    else if (this.stream.writableNeedDrain) this.stream.pause();
    else if (this.stream.isPaused()) this.stream.resume();
  }

  /** The next request, pipelined or not, once the client reads its answers. */
  #goOn(): void {
    if (this.#state !== 'head' || this.stream.writableNeedDrain) return;
    const bytes = this.#stash;
    this.#stash = null;
    this.stream.resume();
    if (bytes !== null) this.#takeHead(bytes);
  }

  // --- the ends ---

  /** Nothing more is to be done here. */
  #leave(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#side.closed();
    this.#hooks.left(this);
  }

  /** Closes once everything is written. */
  #close(): void {
    this.#state = 'closing';
    this.#touch();
    this.stream.end(() => this.stream.destroy());
  }

  #handOver(): void {
    const { stream } = this;
    this.#leave();
    for (const [event, listener] of this.#listeners) stream.off(event, listener);
    stream.pause();
    stream.unshift(this.#heads.asNodeReadsIt());
    this.#general();
    // A stream that was paused by hand flows for nobody by itself.
    stream.resume();
  }

  #clientEnded(): void {
    if (this.#state === 'head' && this.#heads.hasPart)
      this.stream.write(this.#side.unread('codec-error', 'HPE_INVALID_EOF_STATE'), 'latin1');
    if (this.#state === 'exchange') this.#abort();
    else if (this.#state === 'head' || this.#state === 'lingering') this.#close();
  }

  #clientClosed(): void {
    if (this.#state === 'exchange') this.#abort();
    else this.#leave();
  }

  /** The client broke off. */
  #abort(): void {
    this.#upstream?.abandon();
    this.#upstream = null;
    this.#side.ended(this.#exchange, 'client-gone', null);
    this.#leave();
    this.stream.destroy();
  }

  #touch(): void {
    this.deadline = this.#hooks.deadlines.now + this.#hooks.limits.idleTimeoutMs;
  }

  /** The deadline is past. */
  expire(): void {
    if (this.#state === 'head' && (this.#fresh || this.#heads.hasPart)) {
      this.stream.write(this.#side.unread('header-timeout', 'ERR_HTTP_REQUEST_TIMEOUT'), 'latin1');
      this.#close();
    } else if (this.#state === 'lingering') {
      this.#close();
    } else {
      this.stream.destroy();
    }
  }
}
