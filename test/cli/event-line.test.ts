/** What a terminal is sent of traffic: hostile bytes stay text. */
import { describe, expect, it } from 'vitest';
import { eventLine, explanationLines } from '../../cli/event-line.ts';
import { crashedEvent, restartedEvent } from '../../proxy/crash-events.ts';
import { now } from '../../proxy/moment.ts';
import { sampleEvent } from '../support/sample-event.ts';

/** CSI in one byte, and the escape that begins others. */
const HOSTILE = '\u009b2J\u001b[2J\u202e';
const RAW = /[\p{Cc}\u202e]/u;

describe('traffic on a terminal', () => {
  it('moves no cursor, whatever stands in an explanation', () => {
    const lines = explanationLines({
      sentence: `no rule wanted ${HOSTILE}`,
      trail: [{ phase: 'allow', outcome: 'denied', note: HOSTILE, rules: [] }],
      nearest: null,
    });
    expect(lines.join(' ')).not.toMatch(RAW);
  });

  it('moves no cursor, whatever a peer calls itself', () => {
    const event = sampleEvent();
    const line = eventLine({
      ...event,
      from: { ...event.from, workload: null, spiffeId: `spiffe://${HOSTILE}` },
      to: { ...event.to, workload: null, ip: HOSTILE },
      decision: { ...event.decision, reason: HOSTILE },
    });
    expect(line).not.toMatch(RAW);
  });

  it('names the thread that died, where nobody called anybody', () => {
    const crash = { at: now(), reason: new Error('bug'), share: { index: 0, count: 1 }, snapshot: null };
    expect(eventLine(crashedEvent(crash))).toMatch(/denied .* data plane 0 {2}sidecars .*worker-crashed/);
    expect(eventLine(restartedEvent(crash))).toMatch(
      /allowed .* data plane 0 {2}sidecars .*worker-restarted/,
    );
  });
});
