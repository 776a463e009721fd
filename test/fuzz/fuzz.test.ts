import { describe, expect, it } from 'vitest';
import { sampleEvent } from '../support/sample-event.ts';
import { Ledger } from './compare-reading.ts';
import { fuzzPair } from './fuzz-pair.ts';
import { conversation } from './message-grammar.ts';
import { createRandom } from './random.ts';
import type { Read } from './witness.ts';

const event = sampleEvent();
const told: Read = {
  method: event.request?.method ?? '',
  path: event.request?.path ?? '',
  headers: [['host', event.request?.host ?? ''], ...(event.request?.headers ?? [])].map(
    ([name = '', value = '']) => [name, value],
  ),
  bodyBytes: event.request?.bodyBytes ?? 0,
  complete: true,
};

describe('the smuggling oracle', () => {
  it('sees a request that no event tells', () => {
    expect(new Ledger().read([told])).toEqual([told]);
  });
  it('sees a second request of which only one was told', () => {
    const ledger = new Ledger();
    ledger.letThrough([event]);
    expect(ledger.read([told, told])).toEqual([told]);
  });
  it.each([
    { path: '/hidden' },
    { method: 'TRACE' },
    { bodyBytes: 999 },
    { headers: [['host', 'other']] as [string, string][] },
  ])('sees that the application read %o', (more) => {
    const ledger = new Ledger();
    ledger.letThrough([event]);
    expect(ledger.read([{ ...told, ...more }])).toHaveLength(1);
  });
  it('sees a request that was denied and arrived', () => {
    const ledger = new Ledger();
    ledger.letThrough([{ ...event, decision: { ...event.decision, verdict: 'deny' } }]);
    expect(ledger.read([told])).toEqual([told]);
  });
  it('is content with what was told', () => {
    const ledger = new Ledger();
    ledger.letThrough([event]);
    expect(ledger.read([told])).toEqual([]);
  });
});

describe('fuzzed messages', () => {
  it('are the same for the same seed', () => {
    const made = (seed: number): string => conversation(createRandom(seed), 'm').bytes;
    expect(made(5)).toBe(made(5));
    expect(made(5)).not.toBe(made(6));
  });

  const seed = Number(process.env['GREENROOM_SEED'] ?? Date.now() % 1_000_000);
  it(`crash nothing, hang nowhere, and are read as they were told (seed ${seed})`, async () => {
    const report = await fuzzPair(1_500, seed);
    expect(report).toMatchObject({ hung: [], unaccounted: [], unreadable: [] });
    expect(report.arrived).toBeGreaterThan(100);
  }, 120_000);
});
