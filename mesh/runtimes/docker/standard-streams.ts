/** A program in a container as one stream, for whoever speaks a protocol with it. */
import { Duplex, PassThrough } from 'node:stream';
import type { Demux } from './container-output.ts';

/** Input goes as it is; of the output, which comes in frames, standard error is dropped. */
export function standardStreams(source: Duplex, demux: Demux): Duplex {
  const stdout = new PassThrough();
  const both = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void source.write(chunk, done),
    final: (done) => void source.end(done),
    destroy: (error, done) => {
      source.destroy();
      done(error);
    },
  });
  demux(source, stdout, new PassThrough().resume());
  stdout.on('data', (chunk: Buffer) => {
    if (!both.push(chunk)) stdout.pause();
  });
  stdout.once('end', () => both.push(null));
  source.once('end', () => stdout.end()).once('close', () => both.destroy());
  source.on('error', (error) => both.destroy(error));
  both.on('error', () => undefined);
  return both;
}
