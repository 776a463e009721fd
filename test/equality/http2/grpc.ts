/** gRPC: calls, failures, messages both ways. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ArrivedStream, type Fields, type Http2Talk } from '../../support/http2-conversation.ts';
import { ask, posted, status, type Play } from './messages.ts';

const CALL: Fields = posted('/shop.Orders/Place', ['content-type', 'application/grpc'], ['te', 'trailers']);
const MESSAGE = '\0\0\0\0\x05hello';
const REPLIED = status(200, ['content-type', 'application/grpc']);

/** One call, answered so. */
function call(head: Fields, body: string, trailers?: Fields): Play {
  return async ({ client, application }) => {
    const answer = client.answer(client.request(CALL, MESSAGE));
    const arrived = await application.next();
    await arrived.whole();
    arrived.answer(head, body, trailers);
    await answer;
  };
}

async function everyRequest(
  application: Http2Talk['application'],
  act: (arrived: ArrivedStream) => void,
): Promise<never> {
  for (;;) act(await application.next());
}

export const GRPC: Record<string, Play> = {
  'grpc: a call': call(REPLIED, MESSAGE, [['grpc-status', '0']]),
  'grpc: a call that fails': call(REPLIED, '', [
    ['grpc-status', '5'],
    ['grpc-message', 'not%20found'],
  ]),
  'grpc: trailers only': call(
    status(200, ['content-type', 'application/grpc'], ['grpc-status', '5'], ['grpc-message', 'gone']),
    '',
  ),
  'grpc: an answer of HTTP 503': call(status(503, ['content-type', 'text/plain']), 'down'),
  'grpc: many messages': call(REPLIED, MESSAGE.repeat(1_000), [['grpc-status', '0']]),
  'grpc: a deadline': ask([...CALL, ['grpc-timeout', '10S']], MESSAGE),
  'grpc: an unknown service': ask(
    CALL.map(([name, value]): [string, string] => [name, name === ':authority' ? 'nobody' : value]),
    MESSAGE,
  ),
  'grpc: a reset before the answer': async ({ client, application }) => {
    const answer = client.answer(client.request(CALL, MESSAGE));
    // It is tried again: UNAVAILABLE is.
    void everyRequest(application, ({ stream }) => stream.close(2));
    await answer;
  },
  'grpc: an application that closes without an answer': async ({ client, application }) => {
    const answer = client.answer(client.request(CALL, MESSAGE));
    void everyRequest(application, ({ stream }) => stream.session?.destroy());
    await answer;
  },
  'grpc: messages both ways at once': async ({ client, application, note }) => {
    const asking = client.request(CALL, 'open');
    const answer = client.answer(asking);
    const { stream, whole } = await application.next();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.write(MESSAGE);
    assert.equal(String((await once(asking, 'data'))[0]), MESSAGE);
    asking.write(MESSAGE);
    note('saw', String((await once(stream, 'data'))[0]));
    asking.end();
    await whole();
    stream.end();
    await answer;
  },
};
