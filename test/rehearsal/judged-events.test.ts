/** Which event decides: the callee's, however many hops there were; the caller's own only where it let nothing out. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../../mesh/session.ts';
import type { Phase, Verdict } from '../../model/decision.ts';
import type { Workload } from '../../model/mesh.ts';
import type { TrafficEvent } from '../../model/traffic-event.ts';
import { awaitJudgement } from '../../rehearsal/judged-events.ts';

const to = { id: 'payments', instances: [{ id: 'payments-0' }, { id: 'payments-1' }] } as unknown as Workload;

function event(
  id: number,
  direction: 'inbound' | 'outbound',
  owner: string,
  verdict: Verdict = 'allow',
  phase: Phase = 'allow',
  reason = 'x',
): TrafficEvent {
  return {
    id,
    direction,
    owner,
    tag: 't',
    decision: { verdict, phase, reason, matched: null },
    findings: [] as TrafficEvent['findings'],
  } as TrafficEvent;
}

/** A session whose events come one a flush; once all have come and been looked at, `over` is called. */
function sessionOf(events: readonly TrafficEvent[], over: () => void): Session {
  let recorded = 0;
  return {
    flush: async () => {
      recorded += 1;
      if (recorded > events.length + 1) over();
    },
    events: ({ after = 0 }: { after?: number }) =>
      events
        .slice(0, recorded)
        .filter((each) => each.id > after)
        .toReversed(),
  } as unknown as Session;
}

async function decisive(
  events: readonly TrafficEvent[],
  through: 'sidecar' | 'nobody',
  { after = 0, gateway = null }: { after?: number; gateway?: string | null } = {},
): Promise<number> {
  const time = new AbortController();
  const session = sessionOf(events, () => time.abort());
  const judged = await awaitJudgement(session, { tag: 't', after, to, through, gateway }, time.signal);
  return judged.decisive.id;
}

describe('the decisive event', () => {
  it.each([
    ['no event at all', [], 'nobody'],
    [
      'only what the caller says of a callee that hung up',
      [event(1, 'outbound', 'web-0', 'deny', 'upstream')],
      'sidecar',
    ],
    ["only another workload's", [event(1, 'inbound', 'orders-0', 'deny')], 'nobody'],
    ['no hop of the sidecar that the call left through', [event(1, 'inbound', 'payments-0')], 'sidecar'],
  ] satisfies [string, TrafficEvent[], 'sidecar' | 'nobody'][])(
    'is waited for in vain where there is %s',
    async (_what, events, through) => {
      await expect(decisive(events, through)).rejects.toThrow();
    },
  );

  it("is the callee's, of whichever instance, also when it comes last", async () => {
    expect(
      await decisive(
        [
          event(1, 'outbound', 'web-0', 'deny', 'upstream'),
          event(2, 'inbound', 'payments-1', 'deny', 'mtls'),
        ],
        'sidecar',
      ),
    ).toBe(2);
    expect(
      await decisive([event(1, 'inbound', 'payments-0'), event(2, 'outbound', 'web-0')], 'sidecar'),
    ).toBe(1);
  });

  it("is the caller's own where it let nothing out", async () => {
    expect(await decisive([event(1, 'outbound', 'web-0', 'deny', 'egress')], 'sidecar')).toBe(1);
  });

  it('is none of an earlier repetition', async () => {
    expect(
      await decisive(
        [event(1, 'inbound', 'payments-0', 'deny'), event(2, 'inbound', 'payments-0')],
        'nobody',
        { after: 1 },
      ),
    ).toBe(2);
  });

  it("is a gateway's where that let nothing in, and the callee's where it did", async () => {
    const gateway = { gateway: 'ingress-0' };
    const refused = event(1, 'inbound', 'ingress-0', 'deny', 'route');
    expect(await decisive([refused], 'nobody', gateway)).toBe(1);
    const unserved = event(1, 'inbound', 'ingress-0', 'deny', 'upstream', 'cluster-not-found');
    expect(await decisive([unserved], 'nobody', gateway)).toBe(1);
    const passed = [event(1, 'inbound', 'payments-0', 'deny'), event(2, 'inbound', 'ingress-0')];
    expect(await decisive(passed, 'nobody', gateway)).toBe(1);
  });

  it.each([
    ['a gateway that let it in', [event(1, 'inbound', 'ingress-0')]],
    ['a gateway whose upstream hung up', [event(1, 'inbound', 'ingress-0', 'deny', 'upstream')]],
    ['a callee before the gateway has told its own', [event(1, 'inbound', 'payments-0')]],
  ])('is waited for where there is only %s', async (_what, events) => {
    await expect(decisive(events, 'nobody', { gateway: 'ingress-0' })).rejects.toThrow();
  });
});
