/**
 * The HTTP server that the shop's five services share: routing, one log line a request, and the `echo` witness.
 * It knows nothing of the mesh: no certificates, no policies. Those are the sidecar's business.
 */
import http from 'node:http';

const RECEIVED = '/.well-known/greenroom/received';
const MARK_HEADER = 'x-greenroom-mark';
const REMEMBERED_MARKS = 500;
const MAX_BODY_BYTES = 64 * 1024;

/** Requests that carried a mark, by mark. The rehearsal asks for it on this port, past the sidecar. */
const received = new Map();

function parseTarget(request) {
  const text = `http://service${request.url}`;
  return URL.canParse(text) ? new URL(text) : null;
}

function remember(request) {
  const mark = request.headers[MARK_HEADER];
  if (!mark) return;
  const requests = received.get(mark) ?? [];
  requests.push({ method: request.method, path: request.url, at: Date.now() });
  received.set(mark, requests);
  if (received.size > REMEMBERED_MARKS) received.delete(received.keys().next().value);
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new HttpError(413, 'body too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'body is not JSON');
  }
}

function send(response, status, value) {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** An answer other than 200 that a handler wants to give. */
export class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Calls another service of the shop by its name in the mesh, and keeps the request id, so that traces join up. */
export async function call(request, method, url, body) {
  const headers = { accept: 'application/json' };
  if (request.headers['x-request-id']) headers['x-request-id'] = request.headers['x-request-id'];
  if (body !== undefined) headers['content-type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(4_000),
    });
  } catch (error) {
    throw new HttpError(502, `${method} ${url}: ${error.cause?.message ?? error.message}`);
  }
  const text = await answer.text();
  if (!answer.ok) throw new HttpError(502, `${method} ${url} answered ${answer.status}: ${text.trim()}`);
  return JSON.parse(text);
}

/**
 * Serves `routes`, a table of `METHOD /path` to handler; a path that ends in `/*` takes what is below it.
 * Paths are compared without case, doubled and trailing slashes, as many web frameworks do: the reason
 * why a DENY rule that names one spelling of a path is not enough.
 */
export function serve(name, routes) {
  const server = http.createServer(async (request, response) => {
    const url = parseTarget(request);
    if (url?.pathname === RECEIVED) {
      const mark = url.searchParams.get('mark') ?? '';
      send(response, 200, { service: name, mark, requests: received.get(mark) ?? [] });
      return;
    }
    remember(request);
    let status = 200;
    try {
      if (!url) throw new HttpError(400, 'not a path');
      const path = url.pathname
        .toLowerCase()
        .replace(/\/{2,}/g, '/')
        .replace(/(.)\/$/, '$1');
      const parent = `${path.slice(0, path.lastIndexOf('/'))}/*`;
      const handler = routes[`${request.method} ${path}`] ?? routes[`${request.method} ${parent}`];
      if (!handler) throw new HttpError(404, `no ${request.method} ${url.pathname} here`);
      const value = await handler(request, path, await readBody(request));
      if (request.method === 'POST') status = 201;
      send(response, status, value);
    } catch (error) {
      status = error instanceof HttpError ? error.status : 500;
      send(response, status, { service: name, error: error.message });
    }
    console.log(`${name} ${request.method} ${JSON.stringify(request.url)} ${status}`);
  });
  const port = Number(process.env.PORT ?? 8080);
  server.listen(port, process.env.HOST ?? '127.0.0.1', () => console.log(`${name} listens on ${port}`));
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
