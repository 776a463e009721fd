/** The rules of one pod: where they were installed last, how well they hold, and whether they still are in force. */
import type { EgressPlan } from '../runtime.ts';
import {
  type Containment,
  installRules,
  isNamespace,
  type JoinedContext,
  openNamespace,
  type Pod,
} from './pod.ts';

export interface PodRulesParts {
  pods: JoinedContext;
  /** Told of each measurement of the rules. */
  measured(containment: Containment['kind']): void;
}

export class PodRules {
  readonly #parts: PodRulesParts;
  readonly #pod: Pod;
  readonly #say: (detail: string) => void;
  #installed: { namespace: string; containment: Containment['kind'] } | null = null;

  /** `say` is told what goes on, in words. */
  constructor(parts: PodRulesParts, pod: Pod, say: (detail: string) => void) {
    this.#parts = parts;
    this.#pod = pod;
    this.#say = say;
  }

  /** As it was measured last; null = none were installed yet. */
  get containment(): Containment['kind'] | null {
    return this.#installed?.containment ?? null;
  }

  /** Anew, in a holder that is started where it doesn't run. */
  async install(egress: EgressPlan, stop: AbortSignal): Promise<void> {
    const { pods, measured } = this.#parts;
    this.#say('installing rules');
    const namespace = await openNamespace(pods, this.#pod);
    this.#installed = null;
    const ways = pods.network.egress(this.#pod, egress);
    const containment = await installRules(pods, this.#pod, ways, stop);
    if (containment.kind === 'partial') this.#say(`containment partial: ${containment.why}`);
    measured(containment.kind);
    this.#installed = { namespace, containment: containment.kind };
  }

  /** Asked of the engine itself: one that is about to end has containers that run. */
  async areInForce(): Promise<boolean> {
    const { engine } = this.#parts.pods;
    if (this.#installed === null || (await engine.silence()) !== null) return false;
    return await isNamespace(engine, this.#pod, this.#installed.namespace);
  }
}
