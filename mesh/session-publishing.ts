/**
 * What a session tells its data plane, and what comes of it: a change is published, its answer is shown on the board,
 * and policies are kept by the version that they were in force with, so that old events can be explained.
 */
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import type { DataPlane } from '../proxy/data-plane.ts';
import type { BoundListener, SnapshotAnswer } from '../proxy/snapshot.ts';
import type { MeshPolicies } from './mesh-policies.ts';
import { PoliciesByVersion } from './policies-by-version.ts';
import { Publisher } from './publisher.ts';
import type { SessionBoard } from './session-board.ts';
import type { SnapshotInput } from './snapshot.ts';

export interface PublishingParts {
  board: SessionBoard;
  /** How many sidecars have to acknowledge. */
  sidecars(): number;
  /** Other policies are in force from this version on. */
  inForce(version: number, policies: MeshPolicies): void;
  /** What `inForce` told of this version, long ago. */
  policiesSince(version: number): MeshPolicies | undefined;
  refused(problems: readonly Problem[]): void;
}

export class SessionPublishing {
  readonly #parts: PublishingParts;
  readonly #policies: PoliciesByVersion;
  #publisher: Publisher | null = null;
  #ended = false;

  constructor(parts: PublishingParts) {
    this.#parts = parts;
    this.#policies = new PoliciesByVersion((since) => parts.policiesSince(since));
  }

  /** The first snapshot; throws when it is refused. */
  async begin(dataPlane: DataPlane, first: SnapshotInput): Promise<void> {
    this.#publisher = new Publisher(dataPlane, first, (answer, given) => this.#answered(answer, given));
    await this.accepted({}, 'the first snapshot');
  }

  get listeners(): readonly BoundListener[] {
    return this.#publisher?.listeners ?? [];
  }

  /** Policies that were in force with a version; undefined = it isn't in force yet, nothing was, or they are lost. */
  policiesOf(version: number): MeshPolicies | undefined {
    return this.#policies.of(version);
  }

  /** Resolves with the data plane's answer. */
  async publish(change: Partial<SnapshotInput>): Promise<SnapshotAnswer> {
    if (this.#publisher === null) throw new Error('nothing was published yet');
    const answer = this.#publisher.publish(change);
    this.#show();
    return await answer;
  }

  /** For changes that somebody waits for: a refusal is thrown. */
  async accepted(change: Partial<SnapshotInput>, what: string): Promise<void> {
    const answer = await this.publish(change);
    if (answer.kind === 'ack') return;
    throw new EnvironmentError('snapshot-refused', `the data plane refused ${what}`, {
      lines: answer.problems.map(formatProblem),
    });
  }

  /** For changes that nobody waits for: a refusal is shown, and what was in force stays so. */
  unasked(change: Partial<SnapshotInput>): void {
    const { board } = this.#parts;
    // A lost data plane is told already, and what it can't be told any more is no news.
    if (this.#publisher === null || this.#ended || board.phase === 'failed') return;
    this.publish(change).catch((error: unknown) => {
      const message = messageOf(error);
      board.set({ problems: [{ code: 'publish-failed', severity: 'error', message }] });
    });
  }

  /** Resolves when everything asked so far is answered. */
  async settled(): Promise<void> {
    await this.#publisher?.settled();
  }

  /** Nothing unasked is published any more. */
  end(): void {
    this.#ended = true;
  }

  #answered(answer: SnapshotAnswer, { policies }: SnapshotInput): void {
    if (answer.kind === 'ack') {
      const change = this.#policies.inForce(answer.version, policies);
      if (change === 'changed') this.#parts.inForce(answer.version, policies);
    } else {
      this.#parts.refused(answer.problems);
    }
    this.#show();
  }

  #show(): void {
    const { published = 0, inForce = null } = this.#publisher ?? {};
    const sidecars = this.#parts.sidecars();
    this.#parts.board.set({
      snapshot: { published, inForce, sidecars, acknowledged: inForce === published ? sidecars : 0 },
    });
  }
}
