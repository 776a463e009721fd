/**
 * By which a worker shows that it gets on: it counts up a word of shared memory, and its owner looks. The owner counts
 * its own looks, not the time: a laptop that slept, or an owner that was busy, has looked at most once.
 */

const LOOKS = 10;

/** A thread of the data plane stood still, and was ended. */
export class WorkerHung extends Error {
  constructor(ms: number) {
    super(`it stood still for ${ms / 1_000} s`);
    this.name = 'WorkerHung';
  }
}

export function createHeart(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** In the worker: beats from now on, often enough for an owner that gives it `hungAfterMs`. */
export function beat(heart: SharedArrayBuffer, hungAfterMs: number): void {
  const beats = new Int32Array(heart);
  setInterval(() => Atomics.add(beats, 0, 1), hungAfterMs / LOOKS / 2).unref();
}

/** In the owner: calls `hung` once, after `hungAfterMs` without a beat. Returns what ends the watch. */
export function watchHeart(heart: SharedArrayBuffer, hungAfterMs: number, hung: () => void): () => void {
  const beats = new Int32Array(heart);
  let last = Atomics.load(beats, 0);
  let missed = 0;
  const timer = setInterval(() => {
    const seen = Atomics.load(beats, 0);
    missed = seen === last ? missed + 1 : 0;
    last = seen;
    if (missed < LOOKS) return;
    clearInterval(timer);
    hung();
  }, hungAfterMs / LOOKS);
  timer.unref();
  return () => clearInterval(timer);
}
