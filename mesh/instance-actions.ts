/**
 * What a person does to an instance of a running session, one thing at a time where it starts or ends: two people who
 * press restart get two restarts, not half of each.
 */
import { EnvironmentError } from '../model/environment-error.ts';
import { ACTION_STATUSES, type InstanceAction } from '../model/instance-action.ts';
import type { InstanceStatus } from '../model/session-state.ts';
import { InTurn } from './in-turn.ts';
import type { ExecRequest, ExecStream } from './runtimes/exec.ts';
import type { EgressPlan, Runtime } from './runtimes/runtime.ts';

export interface ActionParts {
  runtime(): Runtime;
  egress(instance: string): EgressPlan;
  /** Null = no such instance. */
  status(instance: string): InstanceStatus | null;
  isGateway(instance: string): boolean;
  /** Aborted when the session ends. */
  signal: AbortSignal;
}

export class InstanceActions {
  readonly #parts: ActionParts;
  readonly #turns = new Map<string, InTurn>();

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  /** See `Session.exec`. */
  async exec(instance: string, request: ExecRequest): Promise<ExecStream> {
    this.#mustBeThere(instance);
    return await this.#parts.runtime().exec(instance, request);
  }

  #mustBeThere(instance: string): void {
    const { isGateway, status } = this.#parts;
    if (isGateway(instance))
      throw new EnvironmentError('no-process', `${instance} is a gateway of ours: nothing runs behind it`, {
        hint: 'a gateway is a listener of the session, and stands as long as that runs',
      });
    if (status(instance) === null)
      throw new EnvironmentError('no-service', `this session has no instance ${instance}`);
  }

  /** See `Session.act`. */
  async act(instance: string, action: InstanceAction): Promise<void> {
    this.#mustBeThere(instance);
    const { runtime } = this.#parts;
    switch (action.kind) {
      case 'restart':
        return await this.#turn(instance, () => runtime().restart(instance, this.#parts.signal));
      case 'start':
        return await this.#turn(instance, () => this.#start(instance));
      case 'stop':
        return await this.#turn(instance, () =>
          runtime().stopInstance(instance, action.graceMs ?? undefined),
        );
      case 'pause':
        this.#mustFit(instance, 'pause');
        return await runtime().pause(instance);
      case 'unpause':
        this.#mustFit(instance, 'unpause');
        return await runtime().unpause(instance);
      case 'kill':
        this.#mustFit(instance, 'kill');
        return await runtime().kill(instance, action.signal);
    }
  }

  async #start(instance: string): Promise<void> {
    this.#mustFit(instance, 'start');
    await this.#parts.runtime().start(instance, this.#parts.egress(instance), this.#parts.signal);
  }

  #mustFit(instance: string, kind: InstanceAction['kind']): void {
    const wanted = ACTION_STATUSES[kind];
    const status = this.#parts.status(instance);
    if (status === null || wanted.includes(status)) return;
    const fitting = Object.entries(ACTION_STATUSES).flatMap(([name, statuses]) =>
      statuses.includes(status) ? [name] : [],
    );
    throw new EnvironmentError('not-now', `${instance} is ${status}, not ${wanted.join(' or ')}`, {
      hint: fitting.length === 0 ? 'wait until that is over' : `a ${status} one takes ${fitting.join(', ')}`,
    });
  }

  async #turn(instance: string, work: () => Promise<void>): Promise<void> {
    const turns = this.#turns.get(instance) ?? new InTurn();
    this.#turns.set(instance, turns);
    await turns.run(work);
  }
}
