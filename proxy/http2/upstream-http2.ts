/** An exchange with an upstream that speaks HTTP/2: one stream of a pooled connection. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { ResetBy } from '../../wire/http2/handlers.ts';
import type { DecodedBlock } from '../../wire/http2/hpack-decoder.ts';
import { checkResponseFields, checkTrailerFields, statedLength } from '../../wire/http2/message-fields.ts';
import { ERROR } from '../../wire/http2/protocol.ts';
import type { Http2Stream, Then } from '../../wire/http2/stream.ts';
import { decisionOf, type Failure } from '../error-table.ts';
import { failureOf } from '../forward-http.ts';
import type { ClientLink, Http2Pool } from './client-pool.ts';
import type {
  Upstream,
  UpstreamEvents,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamRequest,
} from './upstream.ts';

/** Connections that may turn out to be full, or to be closing. */
const ATTEMPTS = 3;

export class Http2UpstreamExchange implements UpstreamExchange {
  readonly #request: UpstreamRequest;
  readonly #events: UpstreamEvents;
  #link: ClientLink | null = null;
  #stream: Http2Stream<Http2UpstreamExchange> | null = null;
  #over = false;

  constructor(request: UpstreamRequest, events: UpstreamEvents) {
    this.#request = request;
    this.#events = events;
  }

  start(pool: Http2Pool, attempt = 1): void {
    const ready = pool.ready();
    if (ready !== null) {
      this.#open(ready);
      return;
    }
    pool.connect().then(
      (link) => {
        if (this.#over) pool.release(link);
        // Others may have taken the last place meanwhile.
        else if (link.connection.accepts || attempt === ATTEMPTS) this.#open(link);
        else this.start(pool, attempt + 1);
      },
      (error: NodeJS.ErrnoException) => {
        this.#fail({ decision: failureOf(error, false), unsent: true, code: null });
      },
    );
  }

  data(bytes: Uint8Array, then: Then): void {
    if (this.#stream !== null) this.#link?.connection.sendData(this.#stream, bytes, then);
  }

  trailers(headers: HeaderList): void {
    if (this.#stream !== null) this.#link?.connection.sendTrailers(this.#stream, headers);
  }

  consumed(count: number): void {
    if (this.#stream !== null) this.#link?.connection.consume(this.#stream, count);
  }

  cancel(): void {
    this.#over = true;
    if (this.#stream !== null) this.#link?.connection.reset(this.#stream, ERROR.CANCEL);
  }

  onHead(block: DecodedBlock, then: Then): void {
    if (this.#over) return;
    const response = checkResponseFields(block);
    if (response === null) {
      this.#malformed();
      return;
    }
    const { status, headers } = response;
    if (status < 200) {
      this.#events.informational(status, headers);
      return;
    }
    const bodiless = this.#request.method === 'HEAD' || status === 304;
    if (this.#stream !== null && !bodiless) this.#stream.expectedBytes = statedLength(headers);
    if (then === 'end') this.#end();
    this.#events.head(status, headers, then);
  }

  onData(bytes: Uint8Array, then: Then): void {
    if (this.#over) return;
    if (then === 'end') this.#end();
    this.#events.data(bytes, then);
  }

  onTrailers(block: DecodedBlock): void {
    if (this.#over) return;
    const headers = checkTrailerFields(block);
    if (headers === null) {
      this.#malformed();
      return;
    }
    this.#end();
    this.#events.trailers(headers);
  }

  onSent(count: number): void {
    this.#events.sent(count);
  }

  onReset(code: number, by: ResetBy): void {
    this.#fail({
      decision: decisionOf(failureBy(code, by)),
      unsent: by === 'refused',
      code: by === 'peer' ? code : null,
    });
  }

  #open(link: ClientLink): void {
    const { method, scheme, host, path, headers, neverIndexed, body } = this.#request;
    const fields: HeaderList = [
      [':method', method],
      [':scheme', scheme],
      [':authority', host],
      [':path', path],
      ...headers,
    ];
    const { connection } = link;
    const stream = connection.open(fields, neverIndexed, body === 'none' ? 'end' : 'more', performance.now());
    if (stream === null) {
      this.#fail({ decision: decisionOf('upstream-reset'), unsent: true, code: null });
      return;
    }
    this.#link = link;
    this.#stream = stream;
    stream.context = this;
    this.#events.connected(link.socket);
  }

  /** The response is complete: what is still to be sent of the request nobody waits for. */
  #end(): void {
    this.#over = true;
    if (this.#stream !== null && !this.#stream.localEnded)
      this.#link?.connection.reset(this.#stream, ERROR.NO_ERROR);
  }

  #malformed(): void {
    if (this.#stream !== null) this.#link?.connection.reset(this.#stream, ERROR.PROTOCOL_ERROR);
    this.#fail({ decision: decisionOf('upstream-protocol-error'), unsent: false, code: null });
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.failed(failure);
  }
}

/** Envoy tells a reset with PROTOCOL_ERROR from others. */
function failureBy(code: number, by: ResetBy): Failure {
  if (by === 'codec' || (by === 'peer' && code === ERROR.PROTOCOL_ERROR)) return 'upstream-protocol-error';
  return by === 'peer' ? 'upstream-remote-reset' : 'upstream-reset';
}

/** The upstream behind `pool`. */
export function http2Upstream(pool: Http2Pool): Upstream {
  return (request, events) => {
    const exchange = new Http2UpstreamExchange(request, events);
    exchange.start(pool);
    return exchange;
  };
}
