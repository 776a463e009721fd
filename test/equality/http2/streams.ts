/** Streams and frames: trailers, many at once, pieces both ways, what a well-behaved client never sends. */
import { once } from 'node:events';
import { FLAG, FRAME } from '../../../wire/http2/protocol.ts';
import { block, frame, request, uint32 } from '../../support/http2-frames.ts';
import { ask, asked, framed, frames, opened, posted, type Play } from './messages.ts';

export const STREAMS: Record<string, Play> = {
  'h2: trailers of a request': ask(posted('/'), 'body', [['x-sum', '4']]),
  'h2: trailers of a request without a body': ask(posted('/'), '', [['x-sum', '4']]),
  'h2: ten requests one after the other': async ({ client }) => {
    for (let index = 0; index < 10; index += 1) await client.answer(client.request(asked(`/${index}`)));
  },
  'h2: twenty requests at once': async ({ client, note }) => {
    const streams = Array.from({ length: 20 }, (_, index) => client.request(asked(`/${index}`)));
    const answers = await Promise.all(streams.map((stream) => once(stream, 'response')));
    for (const [fields] of answers as [Record<string, string>][]) note('got', String(fields[':status']));
  },
  'h2: pieces arrive one by one, both ways': async ({ client, application, note }) => {
    const asking = client.request(posted('/'), 'open');
    const answer = client.answer(asking);
    const { stream, whole } = await application.next();
    stream.respond({ ':status': 200 });
    for (const piece of ['one', 'two', 'three']) {
      asking.write(piece);
      // Before the next is sent, this one is there and back.
      const [came] = (await once(stream, 'data')) as [Buffer];
      stream.write(came);
      const [back] = (await once(asking, 'data')) as [Buffer];
      note('got', back.toString());
    }
    asking.end();
    await whole();
    stream.end();
    await answer;
  },
  'h2: priorities before and in a request': frames(
    frame(FRAME.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 15])),
    frame(
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.END_STREAM | FLAG.PRIORITY,
      1,
      Buffer.concat([Buffer.from([0, 0, 0, 0, 15]), block(framed())]),
    ),
  ),
  'h2: padding': frames(
    frame(
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.PADDED,
      1,
      Buffer.concat([Buffer.from([5]), block(framed()), Buffer.alloc(5)]),
    ),
    frame(
      FRAME.DATA,
      FLAG.END_STREAM | FLAG.PADDED,
      1,
      Buffer.concat([Buffer.from([3]), Buffer.from('body'), Buffer.alloc(3)]),
    ),
  ),
  'h2: a header block in three frames': frames(
    ...(() => {
      const whole = block(framed(['x-a', 'b'.repeat(100)]));
      return [
        frame(FRAME.HEADERS, FLAG.END_STREAM, 1, whole.subarray(0, 10)),
        frame(FRAME.CONTINUATION, 0, 1, whole.subarray(10, 20)),
        frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, whole.subarray(20)),
      ];
    })(),
  ),
  'h2: a frame of an unknown type': frames(frame(0xbe, 0, 0, Buffer.from('hi')), request(1, framed())),
  'h2: an even stream': frames(request(2, framed())),
  'h2: DATA on a stream that nobody opened': frames(frame(FRAME.DATA, 0, 1, Buffer.from('x'))),
  'h2: a window update of nothing': opened(framed(), frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(0))),
  'h2: trailers with a pseudo-header': opened(
    framed(),
    frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block([[':path', '/b']])),
  ),
};
