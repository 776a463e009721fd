/** Asks an external authorizer over HTTP/1.1, as Envoy's raw HTTP client does: the request's own method, no body. */
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import type { AuthorizerAnswer } from '../../policy/custom/apply-answer.ts';
import type { AuthorizationCheck } from '../../policy/custom/authorization-check.ts';
import { headerPairs } from '../../wire/http1-request-checks.ts';
import { MAX_RESPONSE_HEAD } from '../forward-http.ts';

/** Of a denial's body so much is carried; a longer one is no answer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The answer; never rejects. The provider's timeout counts from the call on. */
export function askHttp(check: AuthorizationCheck, agent: Agent): Promise<AuthorizerAnswer> {
  return new Promise((resolve) => {
    let asked = false;
    const fail = (): void => {
      clearTimeout(timer);
      question?.destroy();
      resolve({ kind: 'failed', asked });
    };
    const timer = setTimeout(fail, check.provider.timeoutMs);
    const question = open(check, agent);
    if (question === null) {
      fail();
      return;
    }
    question.once('socket', () => {
      asked = true;
    });
    question.on('error', fail);
    question.once('response', (response) => {
      collect(response, fail, (body) => {
        clearTimeout(timer);
        resolve({
          kind: 'http',
          status: response.statusCode ?? 0,
          headers: headerPairs(response.rawHeaders),
          body,
        });
      });
    });
    question.end();
  });
}

function open({ method, path, host, headers }: AuthorizationCheck, agent: Agent) {
  try {
    const question = httpRequest({ agent, method, path, setHost: false, maxHeaderSize: MAX_RESPONSE_HEAD });
    // Node would write capitals, and the authorizer be asked about another method.
    question.method = method;
    question.setHeader('host', host);
    for (const [name, value] of headers) question.setHeader(name, value);
    question.removeHeader('connection');
    return question;
  } catch {
    // Node's client refuses what its own parser took.
    return null;
  }
}

function collect(response: IncomingMessage, fail: () => void, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) fail();
    else chunks.push(chunk);
  });
  response.once('error', fail);
  response.once('end', () => {
    if (response.complete) done(Buffer.concat(chunks).toString('latin1'));
    else fail();
  });
}
