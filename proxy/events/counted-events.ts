/**
 * Counts, for each instance, what its sidecar had to do: exchanges and connections that ended, and their bytes. By
 * these the cost of the thread, which all its sidecars share, can be shared out.
 */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { SidecarWork } from '../../model/usage.ts';
import type { EventContext, EventWriter, HttpExchange } from '../event-writer.ts';
import type { RingEvents } from './ring-events.ts';

export class CountedEvents implements EventWriter {
  readonly #to: RingEvents;
  readonly #work = new Map<string, SidecarWork>();
  readonly #byContext = new Map<number, SidecarWork>();

  constructor(to: RingEvents) {
    this.#to = to;
  }

  context(shared: EventContext): number {
    const number = this.#to.context(shared);
    this.#byContext.set(number, this.#of(shared.owner));
    return number;
  }

  release(context: number): void {
    this.#byContext.delete(context);
    this.#to.release(context);
  }

  http(context: number, exchange: HttpExchange): void {
    const work = this.#byContext.get(context);
    if (work !== undefined) {
      work.messages += 1;
      work.bytes += exchange.requestBytes + exchange.responseBytes;
    }
    this.#to.http(context, exchange);
  }

  event(event: TrafficEvent): void {
    const work = this.#of(event.owner);
    work.messages += 1;
    work.bytes += (event.request?.bodyBytes ?? 0) + (event.response?.bodyBytes ?? 0);
    this.#to.event(event);
  }

  flush(): Promise<void> {
    return this.#to.flush();
  }

  close(): void {
    this.#to.close();
  }

  /** Sums since the thread began, by instance. */
  work(): Record<string, SidecarWork> {
    return Object.fromEntries([...this.#work].map(([instance, work]) => [instance, { ...work }]));
  }

  #of(instance: string): SidecarWork {
    const known = this.#work.get(instance);
    if (known !== undefined) return known;
    const work = { messages: 0, bytes: 0 };
    this.#work.set(instance, work);
    return work;
  }
}
