/** What an application may answer over HTTP/2, and how it may fail to. */
import { once } from 'node:events';
import { OK } from '../../support/http2-conversation.ts';
import { asked, KILO, posted, reply, status, type Play } from './messages.ts';

export const ANSWERS: Record<string, Play> = {
  ...Object.fromEntries(
    [201, 202, 206, 301, 400, 401, 404, 418, 429, 500, 503, 299, 599].map((code) => [
      `h2: an answer of ${code}`,
      reply(status(code, ['x-a', 'b'])),
    ]),
  ),
  'h2: 204': reply(status(204)),
  'h2: 304 with the length of what it spares': reply(
    status(304, ['content-length', '1000'], ['etag', '"a"']),
  ),
  'h2: set-cookie sent twice': reply(status(200, ['set-cookie', 'a=1'], ['set-cookie', 'b=2'])),
  'h2: server and date of the application': reply(
    status(200, ['server', 'mine/1.0'], ['date', 'Thu, 01 Jan 1970 00:00:00 GMT']),
  ),
  'h2: fields that only Envoy adds': reply(
    status(200, ['x-envoy-upstream-service-time', '99'], ['x-envoy-decorator-operation', 'o']),
  ),
  'h2: a large field in an answer': reply(status(200, ['x-large', 'v'.repeat(50_000)])),
  'h2: trailers of an answer': reply(status(200), 'body', [
    ['x-sum', '4'],
    ['x-more', 'yes'],
  ]),
  'h2: trailers of an answer without a body': reply(status(200), '', [['x-sum', '4']]),
  'h2: early hints': async ({ client, application }) => {
    const answer = client.answer(client.request(asked('/')));
    const arrived = await application.next();
    arrived.stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
    arrived.answer(OK, 'ok');
    await answer;
  },
  'h2: an answer before the request is complete': async ({ client, application }) => {
    const stream = client.request(posted('/early'), 'open');
    stream.write(KILO);
    const answer = client.answer(stream);
    const arrived = await application.next();
    arrived.answer(status(413, ['content-length', '4']), 'much');
    await answer;
  },
  ...Object.fromEntries(
    [
      ['NO_ERROR', 0],
      ['PROTOCOL_ERROR', 1],
      ['INTERNAL_ERROR', 2],
      ['CANCEL', 8],
      ['ENHANCE_YOUR_CALM', 11],
    ].flatMap(([name, code]): [string, Play][] => [
      [
        `h2: a reset with ${name} before the answer`,
        async ({ client, application }) => {
          const answer = client.answer(client.request(posted('/'), 'body'));
          const { stream } = await application.next();
          stream.close(code as number);
          await answer;
        },
      ],
      [
        `h2: a reset with ${name} in the middle of an answer`,
        async ({ client, application }) => {
          const asking = client.request(posted('/'), 'body');
          const answer = client.answer(asking);
          const { stream } = await application.next();
          stream.respond({ ':status': 200 });
          stream.write('half');
          await once(asking, 'data');
          stream.close(code as number);
          await answer;
        },
      ],
    ]),
  ),
  // Its request is whole: of an open one Node's client sends an end before the reset, and which of them the application
  // hears of first is chance.
  'h2: a client that cancels': async ({ client, application, note }) => {
    const asking = client.request(posted('/cancel'), 'body');
    const answer = client.answer(asking);
    const arrived = await application.next();
    await arrived.whole();
    const closed = new Promise<void>((resolve) => arrived.stream.once('close', resolve));
    asking.close(8);
    await closed;
    await answer;
    note('saw', arrived.stream.rstCode === 0 ? 'not cancelled' : 'cancelled');
  },
  'h2: an application that closes without an answer': async ({ client, application }) => {
    const answer = client.answer(client.request(posted('/'), 'body'));
    const { stream } = await application.next();
    stream.session?.destroy();
    await answer;
  },
};
