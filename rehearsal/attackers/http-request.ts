/**
 * The bytes of an attacker's HTTP/1 request. The path goes out as written: no normalization, no encoding, since
 * that is what half of the attacks are about. Only line ends are refused, because they would make two requests of
 * one without the scenario saying so.
 */

export interface AttackRequest {
  method: string;
  /** Origin form as written, or absolute form where a proxy is asked. */
  target: string;
  host: string;
  headers: Readonly<Record<string, string | readonly string[]>>;
  body: string | null;
}

/** Header names, lower-case, that the scenario sets itself. */
function named(headers: AttackRequest['headers']): Set<string> {
  return new Set(Object.keys(headers).map((name) => name.toLowerCase()));
}

function line(text: string): string {
  if (/[\r\n]/.test(text)) throw new RangeError(`a line end in the request: ${JSON.stringify(text)}`);
  return `${text}\r\n`;
}

/** One request that asks for the connection to be closed after its answer. */
export function writeRequest(request: AttackRequest): Buffer {
  const own = named(request.headers);
  const body = request.body === null ? null : Buffer.from(request.body, 'utf8');
  let head = line(`${request.method} ${request.target} HTTP/1.1`);
  if (!own.has('host')) head += line(`Host: ${request.host}`);
  for (const [name, value] of Object.entries(request.headers)) {
    for (const each of typeof value === 'string' ? [value] : value) head += line(`${name}: ${each}`);
  }
  if (!own.has('connection')) head += line('Connection: close');
  const framed = own.has('content-length') || own.has('transfer-encoding');
  const wantsLength = body !== null || request.method === 'POST' || request.method === 'PUT';
  if (wantsLength && !framed) head += line(`Content-Length: ${body?.length ?? 0}`);
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'utf8'), body ?? Buffer.alloc(0)]);
}
