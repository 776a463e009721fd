/**
 * The general HTTP/1.1 lane: Node's own parser, strict, over connections that were accepted elsewhere. It owns the
 * parser's limits, one exchange at a time on a connection (as Envoy has it: the second pipelined request is judged
 * when the first is answered), and what happens to bytes that are no HTTP. It knows no policy and no route.
 */
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { trimBlanks } from '../wire/field-grammar.ts';
import { hasControlInLine } from '../wire/http1/request-line.ts';
import type { Failure } from './error-table.ts';
import type { Limits } from './limits.ts';

/** A connection that was taken out of HTTP: what came after the head, and the way back. */
export interface Detached {
  socket: Duplex;
  /** Bytes that followed the head; they go nowhere before the other side agreed. */
  head: Buffer;
}

export interface LaneHandlers<C> {
  /** One request; resolves when its answer is out or its connection gone. */
  exchange(
    context: C,
    request: IncomingMessage,
    response: ServerResponse,
    detached: Detached | null,
  ): Promise<void>;
  /** The parser gave up. The handler records it and returns what is to be written before the connection closes. */
  broken(context: C, failure: Failure, code: string): string;
}

export interface HttpLane<C> {
  /** Takes over a connection. */
  accept(socket: Duplex, context: C): void;
  /** Whether a request of one of these connections is being answered. */
  isBusy(whose: (context: C) => boolean): boolean;
  close(): void;
}

interface Connection<C> {
  context: C;
  /** Resolves when the exchanges so far are over. */
  tail: Promise<void>;
  inFlight: { request: IncomingMessage; response: ServerResponse } | null;
  /** The newest request that the parser delivered. */
  last: IncomingMessage | null;
  broken: boolean;
}

const FAILURES: Record<string, Failure> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'header-timeout',
};

function failureOf({ code = '', rawPacket }: ParserError): Failure | null {
  if (code === 'HPE_INVALID_URL' && rawPacket !== undefined && hasControlInLine(rawPacket.toString('latin1')))
    return 'control-in-target';
  return FAILURES[code] ?? (code.startsWith('HPE_') || code.startsWith('ERR_HTTP') ? 'codec-error' : null);
}

/** What Node's parser says of itself. */
type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** Whether the request asks for WebSocket: the one upgrade that Istio's sidecars let through. */
function isWebSocket(request: IncomingMessage): boolean {
  return trimBlanks(request.headers.upgrade ?? '').toLowerCase() === 'websocket';
}

/** The parser broke off within this request's own body, before its turn came. */
function isHalfRead(
  connection: { last: IncomingMessage | null; broken: boolean },
  request: IncomingMessage,
): boolean {
  return connection.broken && connection.last === request && !request.complete;
}

/** Node makes no response for a request that leaves HTTP; a refusal needs one. */
function responseOn(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(request.socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => {
    response.detachSocket(request.socket);
    request.socket.destroySoon();
  });
  return response;
}

/** Makes a lane; nothing listens, connections are handed to it. */
export function createHttpLane<C>(limits: Limits, handlers: LaneHandlers<C>): HttpLane<C> {
  const connections = new Map<Duplex, Connection<C>>();
  const server: Server = createServer({
    insecureHTTPParser: false,
    // Missing Host, HTTP/1.0 and the like are answered by our own checks, with an event.
    requireHostHeader: false,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, Math.ceil(limits.headerTimeoutMs / 4)),
    shouldUpgradeCallback: isWebSocket,
  });
  // 0 = don't cut: a header that is dropped unseen is worse than a long list; the checks refuse more than 100.
  server.maxHeadersCount = 0;
  server.timeout = limits.idleTimeoutMs;
  // A server that doesn't listen never starts its timer for slow headers.
  server.emit('listening');

  const enqueue = (
    connection: Connection<C>,
    request: IncomingMessage,
    open: () => ServerResponse,
    detached: Detached | null,
  ): void => {
    connection.last = request;
    connection.tail = connection.tail.then(async () => {
      // An answer that closes the connection is the last: what was pipelined behind it is nobody's request.
      if (request.socket.destroyed || request.socket.writableEnded || isHalfRead(connection, request)) return;
      const response = open();
      connection.inFlight = { request, response };
      await handlers.exchange(connection.context, request, response, detached);
      connection.inFlight = null;
    });
  };
  const exchange = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket);
    if (connection === undefined) request.socket.destroy();
    else enqueue(connection, request, () => response, null);
  };
  const detach = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const connection = connections.get(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    socket.on('error', () => socket.destroy());
    // Node's own timer ends with HTTP; a tunnel that nobody uses would stay for ever.
    (socket as Socket).setTimeout(limits.tunnelIdleTimeoutMs, () => socket.destroy());
    enqueue(connection, request, () => responseOn(request), { socket, head });
  };
  server.on('request', exchange);
  server.on('checkContinue', exchange);
  server.on('checkExpectation', exchange);
  server.on('upgrade', detach);
  server.on('connect', detach);
  server.on('clientError', (error: ParserError, socket: Duplex) => {
    const connection = connections.get(socket);
    const failure = failureOf(error);
    if (connection === undefined || failure === null) {
      socket.destroy();
      return;
    }
    // The head was delivered before its body proved unreadable: our checks answer it with their own 501.
    const answered = error.code === 'HPE_INVALID_TRANSFER_ENCODING' && connection.last?.complete === false;
    if (connection.broken || answered) return;
    connection.broken = true;
    const refuse = (): void => {
      if (socket.destroyed || socket.writableEnded) return;
      const bytes = handlers.broken(connection.context, failure, error.code ?? '');
      socket.end(bytes, () => socket.destroy());
    };
    const { inFlight } = connection;
    if (inFlight !== null && !inFlight.request.complete) {
      // A broken body ends its own exchange; what was already answered is let out first.
      if (inFlight.response.headersSent) inFlight.request.socket.destroySoon();
      else socket.destroy();
      return;
    }
    // A broken next message waits for the answers before it.
    connection.tail = connection.tail.then(refuse);
  });

  return {
    accept: (socket, context) => {
      connections.set(socket, {
        context,
        tail: Promise.resolve(),
        inFlight: null,
        last: null,
        broken: false,
      });
      socket.once('close', () => connections.delete(socket));
      server.emit('connection', socket);
    },
    isBusy: (whose) => {
      for (const { context, inFlight } of connections.values())
        if (inFlight !== null && whose(context)) return true;
      return false;
    },
    close: () => {
      server.closeAllConnections();
      // Stops the timer; the callback's error says that it wasn't listening.
      server.close(() => undefined);
    },
  };
}
