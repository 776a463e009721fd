/** Hands bytes on no faster than so many a second, in small pieces: what a slow link does. */

/** Between two pieces, if a byte doesn't take longer. */
const STEP_MS = 50;

export class Pace {
  readonly #stepMs: number;
  readonly #piece: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(bytesPerSecond: number) {
    this.#stepMs = Math.max(STEP_MS, 1_000 / bytesPerSecond);
    this.#piece = Math.max(1, Math.floor((bytesPerSecond * this.#stepMs) / 1_000));
  }

  /** Gives `bytes` to `emit`, each piece when its time has passed; then calls `done`. One call at a time. */
  carry(bytes: Uint8Array, emit: (piece: Uint8Array) => void, done: () => void): void {
    if (bytes.length === 0) {
      done();
      return;
    }
    this.#timer = setTimeout(() => {
      emit(bytes.subarray(0, this.#piece));
      // Whoever got the piece may have stopped it.
      if (this.#timer !== null) this.carry(bytes.subarray(this.#piece), emit, done);
    }, this.#stepMs);
  }

  /** Nothing more is handed on. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
