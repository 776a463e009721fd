import { describe, expect, it } from 'vitest';
import { parseCounters } from '../../../../mesh/runtimes/docker/refusals.ts';
import { COUNTERS } from '../../../../mesh/runtimes/docker/rules.ts';

const listing = (packets: Record<string, number>): string =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6', json_schema_version: 1 } },
      ...Object.entries(packets).map(([name, count]) => ({
        counter: { family: 'inet', name, table: 'greenroom', handle: 1, packets: count, bytes: count * 60 },
      })),
    ],
  });

describe('counters of a pod’s rules', () => {
  it.each(Object.values(COUNTERS))('aren’t believed without %s', (missing) => {
    const packets = Object.fromEntries(Object.values(COUNTERS).map((name) => [name, 1]));
    delete packets[missing];
    expect(() => parseCounters(listing(packets))).toThrow(`nft lists no counter ${missing}`);
  });

  it('aren’t read from anything but JSON', () => {
    expect(() => parseCounters('Error: No such file or directory')).toThrow(SyntaxError);
  });

  it('are packets, each under its own name', () => {
    expect(
      parseCounters(
        listing({
          dropped_inbound: 5,
          refused_other: 4,
          refused_dns: 3,
          refused_udp: 2,
          refused_tcp: 1,
          somebody_elses: 9,
        }),
      ),
    ).toEqual({ tcp: 1, udp: 2, dns: 3, other: 4, inbound: 5 });
  });
});
