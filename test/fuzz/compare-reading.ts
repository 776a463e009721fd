/** The smuggling oracle: what the application's parser read, against what our events say was let through. */
import type { TrafficEvent } from '../../model/traffic-event.ts';
import type { Read } from './witness.ts';

/** Fields that belong to the hop, or that events don't show as they are. */
const LEFT_OUT = new Set([
  'connection',
  'content-length',
  'cookie',
  'transfer-encoding',
  'upgrade',
  'host',
  'trailer',
]);

interface Reading {
  method: string;
  path: string;
  host: string;
  headers: string;
}

function key(reading: Reading, bodyBytes: number | '*'): string {
  return JSON.stringify([reading.method, reading.path, reading.host, reading.headers, bodyBytes]);
}

function headersOf(headers: readonly (readonly [string, string])[]): string {
  return headers
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}: ${value}`)
    .toSorted()
    .join('\n');
}

function readingOf({ method, path, headers }: Read): Reading {
  const host = headers.filter(([name]) => name === 'host').map(([, value]) => value);
  return { method, path, host: host.join('|'), headers: headersOf(headers) };
}

/** A batch's events may come before the application has read what they tell: a client went away meanwhile. */
const GENERATIONS = 3;

/** What events said was let through and nobody has read yet, of the newest batches. */
export class Ledger {
  #generations: Map<string, number>[] = [new Map()];

  /** A new batch begins; the oldest is forgotten. */
  turn(): void {
    this.#generations = [new Map(), ...this.#generations].slice(0, GENERATIONS);
  }

  letThrough(events: readonly TrafficEvent[]): void {
    const [newest] = this.#generations;
    for (const { request, decision } of events) {
      if (request === null || decision.verdict !== 'allow') continue;
      const reading = { ...request, headers: headersOf(request.headers) };
      for (const name of [key(reading, request.bodyBytes), key(reading, '*')])
        newest?.set(name, (newest.get(name) ?? 0) + 1);
    }
  }

  /** Strikes out what was read; returns those of it that no event tells. One that broke off in its body has no length. */
  read(readings: readonly Read[]): Read[] {
    return readings.filter((one) => !this.#strike(key(readingOf(one), one.complete ? one.bodyBytes : '*')));
  }

  #strike(name: string): boolean {
    const found = this.#generations.find((generation) => (generation.get(name) ?? 0) > 0);
    found?.set(name, (found.get(name) ?? 0) - 1);
    return found !== undefined;
  }
}

/** A reading, to be shown. */
export function describeReading(one: Read): string {
  return key(readingOf(one), one.complete ? one.bodyBytes : '*');
}
