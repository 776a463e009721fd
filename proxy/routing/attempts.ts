/**
 * An upstream that is a whole route: attempts at endpoints of a cluster, retried as the policy says, within its
 * timeouts. To its caller it looks like any other upstream; what happened inside is told to `Attempts.outcome`.
 */
import type { Decision } from '../../model/decision.ts';
import type { HeaderList } from '../../model/request-facts.ts';
import type { Cluster, ClusterEndpoint, RetryPolicy } from '../../policy/routes/compiled-routes.ts';
import { setHeader } from '../../policy/routes/header-operations.ts';
import type { Then } from '../../wire/http2/stream.ts';
import { decisionOf } from '../error-table.ts';
import type {
  Upstream,
  UpstreamEvents,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamRequest,
} from '../http2/upstream.ts';
import { ENDPOINT_GONE } from '../outbound-route.ts';
import { occupy, endpointKey, type ClusterState } from './cluster-state.ts';
import { resetDecision, resetKindOf, type ResetFlag } from './reset-decision.ts';
import { backoffMs, retriesAnswer, retriesReset, type ResetKind } from './retry-conditions.ts';

/** What is tried, and how often. */
export interface AttemptPlan {
  cluster: Cluster;
  state: ClusterState;
  retry: RetryPolicy | null;
  /** 0 = none. */
  timeoutMs: number;
  /** The endpoint for the next attempt; null = there is none. */
  pick(tried: ReadonlySet<string>): ClusterEndpoint | null;
  upstreamOf(endpoint: ClusterEndpoint): Upstream;
  now(): number;
}

/** What became of it. */
export interface AttemptOutcome {
  attempts: number;
  /** Envoy's response flags, joined by commas; `''` for none. */
  flags: string;
  endpoint: ClusterEndpoint | null;
}

type Piece = { bytes: Uint8Array; ends: Then } | { trailers: HeaderList };

/** A body that is longer isn't kept, and its request not tried again (Envoy's per-connection buffer). */
const MAX_REPLAY_BYTES = 1024 * 1024;
/** An endpoint that left before it was reached costs no attempt; but nobody goes from one to the next for ever. */
export const MOST_CONNECTIONS = 10;
/** `attempts` counts from one. */
const ATTEMPT_HEADER = 'x-envoy-attempt-count';

/** Begins an exchange that follows `plan`; `outcome` changes while it goes on. */
export function attemptsUpstream(plan: AttemptPlan, outcome: AttemptOutcome): Upstream {
  return (request, events) => {
    const exchange = new Attempts(plan, outcome, request, events);
    exchange.start();
    return exchange;
  };
}

class Attempts implements UpstreamExchange {
  readonly #plan: AttemptPlan;
  readonly #outcome: AttemptOutcome;
  readonly #request: UpstreamRequest;
  readonly #events: UpstreamEvents;
  readonly #tried = new Set<string>();
  #pieces: Piece[] = [];
  #kept = 0;
  #replayable = true;
  #complete: boolean;
  #current: UpstreamExchange | null = null;
  #connected = false;
  #release: () => void = () => undefined;
  /** Numbers attempts, so that a late word of an old one isn't heard. */
  #generation = 0;
  /** Attempts at endpoints that had left. */
  #gone = 0;
  #handed = 0;
  #attemptSent = 0;
  #credited = 0;
  #responded = false;
  #over = false;
  #timer: NodeJS.Timeout | null = null;
  #perTry: NodeJS.Timeout | null = null;
  #backoff: NodeJS.Timeout | null = null;

  constructor(plan: AttemptPlan, outcome: AttemptOutcome, request: UpstreamRequest, events: UpstreamEvents) {
    this.#plan = plan;
    this.#outcome = outcome;
    this.#request = request;
    this.#events = events;
    this.#complete = request.body === 'none';
  }

  start(): void {
    if (this.#complete) this.#startTimeout();
    this.#attempt();
  }

  data(bytes: Uint8Array, then: Then): void {
    this.#take({ bytes, ends: then }, bytes.length, then === 'end');
  }

  trailers(headers: HeaderList): void {
    this.#take({ trailers: headers }, 0, true);
  }

  consumed(count: number): void {
    this.#current?.consumed(count);
  }

  cancel(): void {
    this.#end();
    this.#current?.cancel();
  }

  #take(piece: Piece, length: number, last: boolean): void {
    if (this.#over) return;
    this.#kept += length;
    this.#pieces.push(piece);
    if (last) {
      this.#complete = true;
      this.#startTimeout();
      if (this.#connected) this.#startPerTry();
    }
    if (this.#connected) this.#handOver();
    if (this.#kept > MAX_REPLAY_BYTES) this.#replayable = false;
    if (!this.#replayable && this.#connected) this.#forgetHanded();
  }

  #forgetHanded(): void {
    this.#pieces.splice(0, this.#handed);
    this.#handed = 0;
  }

  #handOver(): void {
    for (; this.#handed < this.#pieces.length; this.#handed += 1) {
      const piece = this.#pieces[this.#handed] as Piece;
      if ('trailers' in piece) this.#current?.trailers(piece.trailers);
      else this.#current?.data(piece.bytes, piece.ends);
    }
  }

  #attempt(): void {
    const { cluster, state } = this.#plan;
    this.#outcome.attempts += 1;
    const endpoint = this.#plan.pick(this.#plan.retry?.avoidPrevious ? this.#tried : NOBODY);
    if (endpoint === null) {
      this.#fail({ ...decisionOf('no-healthy-upstream') }, 'UH');
      return;
    }
    this.#outcome.endpoint = endpoint;
    if (state.requests >= limitOf(cluster)) {
      this.#fail(resetDecision('overflow', this.#outcome.attempts), 'UO');
      return;
    }
    this.#tried.add(endpointKey(endpoint));
    this.#release = occupy(state, endpoint);
    this.#generation += 1;
    const generation = this.#generation;
    this.#connected = false;
    this.#handed = 0;
    this.#attemptSent = 0;
    this.#current = null;
    const { headers } = this.#request;
    const request = {
      ...this.#request,
      headers: setHeader(headers, ATTEMPT_HEADER, String(this.#outcome.attempts)),
    };
    const current = this.#plan.upstreamOf(endpoint)(request, this.#eventsOf(endpoint, generation));
    if (generation !== this.#generation || this.#over) return;
    this.#current = current;
    if (this.#connected) this.#handOver();
  }

  #eventsOf(endpoint: ClusterEndpoint, generation: number): UpstreamEvents {
    const mine = (): boolean => generation === this.#generation && !this.#over;
    return {
      connected: (socket) => {
        if (!mine()) return;
        this.#connected = true;
        this.#events.connected(socket);
        if (this.#complete) this.#startPerTry();
        if (this.#current !== null) this.#handOver();
      },
      informational: (status, headers) => {
        if (mine()) this.#events.informational(status, headers);
      },
      head: (status, headers, then) => {
        if (mine()) this.#answer(endpoint, status, headers, then);
      },
      data: (bytes, then) => {
        if (!mine()) return;
        if (then === 'end') this.#end();
        this.#events.data(bytes, then);
      },
      trailers: (headers) => {
        if (!mine()) return;
        this.#end();
        this.#events.trailers(headers);
      },
      sent: (count) => {
        // Also after the answer: whoever sent the body still waits for the window.
        if (generation === this.#generation) this.#credit(count);
      },
      failed: (failure) => {
        if (mine()) this.#failed(endpoint, failure);
      },
    };
  }

  /** What was sent again isn't taken from the client again. */
  #credit(count: number): void {
    this.#attemptSent += count;
    const fresh = this.#attemptSent - this.#credited;
    if (fresh <= 0) return;
    this.#credited += fresh;
    this.#events.sent(fresh);
  }

  #answer(endpoint: ClusterEndpoint, status: number, headers: [string, string][], then: Then): void {
    this.#report(endpoint, { kind: 'status', status });
    const { retry } = this.#plan;
    if (retry !== null && retriesAnswer(retry, status, headers)) {
      if (this.#mayRetry()) {
        const old = this.#current;
        this.#again();
        old?.cancel();
        return;
      }
      if (this.#isExhausted()) this.#outcome.flags = 'URX';
    }
    this.#responded = true;
    this.#clearPerTry();
    if (then === 'end') this.#end();
    this.#events.head(status, headers, then);
  }

  #failed(endpoint: ClusterEndpoint, failure: UpstreamFailure): void {
    if (this.#responded) {
      this.#end();
      this.#events.failed(failure);
      return;
    }
    if (failure.decision.reason === ENDPOINT_GONE && this.#outcome.attempts + this.#gone < MOST_CONNECTIONS) {
      this.#gone += 1;
      this.#outcome.attempts -= 1;
      this.#release();
      this.#attempt();
      return;
    }
    const kind = resetKindOf(failure, this.#connected);
    if (kind === null) {
      this.#fail(failure.decision, '');
      return;
    }
    this.#report(endpoint, { kind: 'local-failure' });
    this.#reset(kind, failure.decision);
  }

  #reset(kind: ResetKind, decision: Decision | null): void {
    const { retry } = this.#plan;
    const wanted = retry !== null && retriesReset(retry, kind, this.#connected);
    if (wanted && this.#mayRetry()) {
      this.#again();
      return;
    }
    const { attempts } = this.#outcome;
    const told = resetDecision(kind, attempts, decision);
    const exhausted = wanted && this.#isExhausted() ? 'URX,' : '';
    this.#fail(told, `${exhausted}${FLAGS[kind]}`);
  }

  #isExhausted(): boolean {
    return this.#plan.retry !== null && this.#outcome.attempts > this.#plan.retry.attempts;
  }

  #mayRetry(): boolean {
    const { retry, cluster, state } = this.#plan;
    return (
      retry !== null &&
      this.#outcome.attempts <= retry.attempts &&
      this.#replayable &&
      state.retries < cluster.pool.maxRetries
    );
  }

  #again(): void {
    const { retry, state } = this.#plan;
    this.#clearPerTry();
    this.#release();
    this.#generation += 1;
    this.#current = null;
    this.#connected = false;
    if (retry === null) return;
    state.retries += 1;
    this.#backoff = setTimeout(
      () => {
        this.#backoff = null;
        state.retries -= 1;
        if (!this.#over) this.#attempt();
      },
      backoffMs(retry, this.#outcome.attempts),
    );
  }

  #fail(decision: Decision, flags: string): void {
    this.#outcome.flags = flags;
    this.#end();
    this.#events.failed({ decision, unsent: false, code: null });
  }

  #report(endpoint: ClusterEndpoint, result: Parameters<ClusterState['outliers']['report']>[2]): void {
    const { cluster, state, now } = this.#plan;
    if (cluster.outlier === null) return;
    state.outliers.report(cluster.outlier, endpointKey(endpoint), result, cluster.endpoints.length, now());
  }

  #startTimeout(): void {
    const { timeoutMs } = this.#plan;
    if (timeoutMs <= 0 || this.#timer !== null || this.#over) return;
    this.#timer = setTimeout(() => {
      const current = this.#current;
      this.#fail(decisionOf('response-timeout'), 'UT');
      current?.cancel();
    }, timeoutMs);
  }

  #startPerTry(): void {
    const limit = this.#plan.retry?.perTryTimeoutMs ?? 0;
    if (limit <= 0 || this.#responded) return;
    this.#clearPerTry();
    this.#perTry = setTimeout(() => {
      const current = this.#current;
      this.#reset('per-try-timeout', null);
      current?.cancel();
    }, limit);
  }

  #clearPerTry(): void {
    if (this.#perTry !== null) clearTimeout(this.#perTry);
    this.#perTry = null;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#clearPerTry();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#backoff !== null) {
      clearTimeout(this.#backoff);
      this.#plan.state.retries -= 1;
    }
  }
}

const NOBODY: ReadonlySet<string> = new Set();

const FLAGS: Readonly<Record<ResetKind, ResetFlag>> = {
  'connect-failure': 'UF',
  'refused-stream': 'UR',
  'per-try-timeout': 'UT',
  'remote-reset': 'UR',
  'connection-termination': 'UC',
  'protocol-error': 'UPE',
  overflow: 'UO',
};

/** HTTP/1.1 has a connection a request, and so many may wait for one. */
function limitOf({ protocol, pool }: Cluster): number {
  return protocol === 'http2' ? pool.maxRequests : pool.maxConnections + pool.maxPendingRequests;
}
