import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { EgressPlan } from '../../../../mesh/runtimes/runtime.ts';
import {
  COUNTERS,
  hostsLines,
  nftRules,
  RULES_EXIT,
  rulesScript,
  trialScript,
} from '../../../../mesh/runtimes/docker/rules.ts';

const pod = { namespace: 'shop', sidecar: '198.18.0.1', ports: [8080, 8080, 9090] };
const peer = (
  service: string,
  clusterIp: string,
  port: number,
  listenPort: number,
  namespace = 'shop',
): EgressPlan['peers'][number] => ({
  service,
  namespace,
  clusterIp,
  port,
  protocol: 'tcp',
  listen: { host: '198.18.0.1', port: listenPort },
});

describe('rules of a pod', () => {
  it.each([
    ['a cluster address that is none', peer('db', '10.96.0.1; nft flush ruleset', 1, 2)],
    [
      'a listener’s address that is none',
      { ...peer('db', '10.96.0.1', 1, 2), listen: { host: '::1', port: 2 } },
    ],
    ['a port out of range', peer('db', '10.96.0.1', 65_536, 2)],
    ['a port that is no whole number', peer('db', '10.96.0.1', 1.5, 2)],
  ])('refuse %s', (_what, bad) => {
    expect(() => nftRules(pod, [bad])).toThrow(/not a(n IPv4 address| port)/);
  });

  it('refuse a name that would break out of /etc/hosts', () => {
    expect(() => hostsLines(pod, [peer('db\n10.0.0.1 evil', '10.96.0.1', 1, 2)])).toThrow('not a host name');
  });

  it('refuse two listeners for one peer address and port', () => {
    expect(() => nftRules(pod, [peer('db', '10.96.0.1', 80, 2), peer('db', '10.96.0.1', 80, 3)])).toThrow(
      'two outbound listeners for 10.96.0.1:80',
    );
  });

  it('drop by default, in every direction', () => {
    const rules = nftRules({ ...pod, ports: [] }, []);
    expect(rules.match(/policy drop/g)).toHaveLength(3);
    expect(rules).not.toContain('dnat');
    expect(rules).not.toContain('saddr');
  });

  it('count whatever they refuse, each kind under a name of its own', () => {
    const lines = nftRules(pod, [peer('db', '10.96.0.1', 1, 2)]).split('\n');
    const refusing = lines.filter((line) => /\b(reject|drop)\b/.test(line) && !line.includes('policy'));
    expect(refusing).toHaveLength(6);
    for (const line of refusing) expect(line).toMatch(/ counter name "\w+" (reject|drop)/);
    for (const name of Object.values(COUNTERS)) {
      expect(lines).toContain(`  counter ${name} { }`);
      expect(
        refusing.some((line) => line.includes(`"${name}"`)),
        name,
      ).toBe(true);
    }
  });

  it('let through to a listener only what was redirected to it', () => {
    const rules = nftRules(pod, [
      peer('db', '10.96.0.1', 5432, 41_000),
      peer('cache', '10.96.0.2', 5432, 41_001),
    ]);
    expect(rules).toContain(
      'map { 10.96.0.1 . 5432 : 198.18.0.1 . 41000, 10.96.0.2 . 5432 : 198.18.0.1 . 41001 }',
    );
    expect(rules).toContain('ip daddr 198.18.0.1 tcp dport { 41000, 41001 } ct status dnat accept');
    expect(rules).toContain('ip saddr 198.18.0.1 tcp dport { 8080, 9090 } accept');
  });

  it('refuse the engine’s resolver before loopback is let through', () => {
    const rules = nftRules(pod, []);
    expect(rules.indexOf('127.0.0.11')).toBeLessThan(rules.indexOf('oifname "lo"'));
  });
});

describe('names in a pod', () => {
  it('are short only for the caller’s own namespace', () => {
    expect(
      hostsLines(pod, [peer('db', '10.96.0.1', 1, 2), peer('ledger', '10.96.0.2', 1, 3, 'billing')]),
    ).toEqual([
      '10.96.0.1 db db.shop db.shop.svc db.shop.svc.cluster.local',
      '10.96.0.2 ledger.billing ledger.billing.svc ledger.billing.svc.cluster.local',
    ]);
  });

  it('come once for a peer with two ports', () => {
    expect(hostsLines(pod, [peer('db', '10.96.0.1', 1, 2), peer('db', '10.96.0.1', 2, 3)])).toHaveLength(1);
  });
});

describe('the script that installs them', () => {
  it('counts on from before, without the canary', () => {
    const lines = rulesScript(pod, [], 45_000).split('\n');
    const after = lines.slice(lines.findLastIndex((line) => line.includes('198.18.0.1 45000')) + 1);
    expect(lines[0]).toContain('counted=$(nft list counters');
    expect(after).toHaveLength(2);
    expect(after[0]).toMatch(/delete table inet greenroom.*"\$counted" "\$RULES" \| nft -f - \|\| exit 67$/);
  });

  it('tries the canary before the rules and again after them', () => {
    const lines = rulesScript(pod, [peer('db', '10.96.0.1', 1, 2)], 45_000).split('\n');
    const canaries = lines.flatMap((line, index) => (line.includes('198.18.0.1 45000') ? [index] : []));
    const rules = lines.findIndex((line) => line.includes('nft -f'));
    expect(canaries).toHaveLength(2);
    expect(canaries[0]).toBeLessThan(rules);
    expect(canaries[1]).toBeGreaterThan(rules);
  });
});

/** Runs a script whose canary takes `seconds` for each call before it answers no, by a clock of its own. */
async function callsOf(script: string, seconds: number): Promise<{ code: unknown; seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'greenroom-trial-'));
  try {
    const clock = join(folder, 'clock');
    await writeFile(clock, '1000');
    const busybox = `#!/bin/sh
      case $1 in
        nc) echo $(($(cat ${clock}) + ${seconds})) >${clock}; exit 1;;
        date) cat ${clock};;
        sleep) echo $(($(cat ${clock}) + 1)) >${clock};;
      esac`;
    await writeFile(join(folder, 'busybox'), busybox, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const code = await promisify(execFile)('sh', ['-c', script], { env }).then(
      () => 0,
      (error: { code: unknown }) => error.code,
    );
    return { code, seconds: Number(await readFile(clock, 'utf8')) - 1_000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the trial of the rules', () => {
  it('gives a canary up that a firewall swallows after a few calls, each of which takes its time', async () => {
    const { code, seconds } = await callsOf(trialScript(pod, [], 4711), 3);
    expect(code).toBe(RULES_EXIT.unreachable);
    expect(seconds).toBeLessThanOrEqual(12);
  });

  it('calls one that is only being started again', async () => {
    const { code, seconds } = await callsOf(trialScript(pod, [], 4711), 0);
    expect(code).toBe(RULES_EXIT.unreachable);
    expect(seconds).toBeGreaterThanOrEqual(3);
  });
});
