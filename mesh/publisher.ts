/**
 * Publishes snapshots: one at a time, each a change of the last, numbered. A refused one is taken back, so that
 * the next change starts from what is in force.
 */
import type { DataPlane } from '../proxy/data-plane.ts';
import type { BoundListener, SnapshotAnswer } from '../proxy/snapshot.ts';
import { InTurn } from './in-turn.ts';
import { buildSnapshot, type SnapshotInput } from './snapshot.ts';

export class Publisher {
  readonly #dataPlane: DataPlane;
  readonly #answered: (answer: SnapshotAnswer, input: SnapshotInput) => void;
  #input: SnapshotInput;
  #version = 0;
  #inForce: number | null = null;
  #listeners: readonly BoundListener[] = [];
  readonly #queue = new InTurn();

  constructor(
    dataPlane: DataPlane,
    first: SnapshotInput,
    answered: (answer: SnapshotAnswer, input: SnapshotInput) => void,
  ) {
    this.#dataPlane = dataPlane;
    this.#input = first;
    this.#answered = answered;
  }

  get published(): number {
    return this.#version;
  }

  get inForce(): number | null {
    return this.#inForce;
  }

  get listeners(): readonly BoundListener[] {
    return this.#listeners;
  }

  /** Resolves with the data plane's answer; rejects when there is no data plane any more. */
  publish(change: Partial<SnapshotInput>): Promise<SnapshotAnswer> {
    return this.#queue.run(() => this.#publish(change));
  }

  /** Resolves when everything asked so far is answered. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #publish(change: Partial<SnapshotInput>): Promise<SnapshotAnswer> {
    const input = { ...this.#input, ...change };
    this.#version += 1;
    const answer = await this.#dataPlane.publish(buildSnapshot(this.#version, input));
    if (answer.kind === 'ack') {
      this.#input = input;
      this.#inForce = answer.version;
      this.#listeners = answer.listeners;
    } else {
      this.#inForce = answer.inForce;
    }
    this.#answered(answer, input);
    return answer;
  }
}
