/** A connection whose other side speaks slowly: for bytes that are no HTTP. */
import { compose, Transform, type Duplex, type TransformCallback } from 'node:stream';
import { Pace } from './pace.ts';

class SlowBytes extends Transform {
  readonly #pace: Pace;

  constructor(bytesPerSecond: number) {
    super();
    this.#pace = new Pace(bytesPerSecond);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#pace.carry(
      chunk,
      (piece) => this.push(piece),
      () => callback(),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#pace.stop();
    callback(error);
  }
}

/** `stream`, read at so many bytes a second; what is written to it goes as ever. */
export function slowStream(stream: Duplex, bytesPerSecond: number): Duplex {
  return compose(stream, new SlowBytes(bytesPerSecond));
}
