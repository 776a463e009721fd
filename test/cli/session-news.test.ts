/** What `up` says between two states. */
import { describe, expect, it } from 'vitest';
import type { PoliciesInForce } from '../../cli/policy-lines.ts';
import { type NewsSource, sessionNews } from '../../cli/session-news.ts';
import type { Problem } from '../../model/problem.ts';
import type { InstanceStatus, SessionState } from '../../model/session-state.ts';
import { authorization, policies } from '../support/policies.ts';
import { webService } from '../support/web-service.ts';

const BROKEN: Problem = { code: 'unknown-key', severity: 'error', message: 'no such key\u001b[2J' };

function state(status: InstanceStatus | null, more: Partial<SessionState> = {}): SessionState {
  return {
    phase: 'running',
    workloads: [webService(status)],
    problems: [],
    snapshot: { published: 4, inForce: 4, sidecars: 1, acknowledged: 1 },
    recording: { events: 0, denied: 0, dropped: 0 },
    engineAbsence: null,
    ...more,
  } as unknown as SessionState;
}

/** A session with `web` at a sidecar's port, which tests move. */
function running(): { source: NewsSource & { mesh: PoliciesInForce }; port: number } {
  const held = {
    port: 41_001,
    source: {
      mesh: { policies: policies(authorization('{}')) },
      state: () => state('ready'),
      listeners: () => [
        { instance: 'web-0', direction: 'inbound', key: '8080', host: '127.0.0.1', port: held.port } as const,
      ],
      applicationAddress: () => null,
    },
  };
  return held;
}

describe('policies', () => {
  it('that are refused stay out: their problem, printable, and what stays in force', () => {
    const { source } = running();
    const news = sessionNews(source);
    expect(news(state('ready', { problems: [BROKEN] }))).toEqual([
      'error unknown-key: no such key\\u{1b}[2J',
      'the last valid policies (snapshot 4) stay in force',
    ]);
    expect(news(state('ready', { problems: [BROKEN] }))).toEqual([]);
    expect(news(state('ready'))).toEqual(['policies are valid again']);
  });

  it('that are taken over are one line: the files that changed, the version, how many there are', () => {
    const { source } = running();
    const news = sessionNews(source);
    const edited = policies(`${authorization('{ action: DENY, rules: [{}] }')}${authorization('{}', 'q')}`);
    source.mesh = { policies: edited };
    expect(news(state('ready'))).toEqual(['in force now (snapshot 4): policies.yaml; 2 policies in 1 file']);
    expect(news(state('ready'))).toEqual([]);
    source.mesh = { policies: [] };
    expect(news(state('ready'))).toEqual([
      'in force now (snapshot 4): policies.yaml (gone); 0 policies in 0 files',
    ]);
  });

  it('that say the same as before are no news; an OpenAPI document of theirs is', () => {
    const { source } = running();
    const news = sessionNews(source);
    source.mesh = { policies: policies(authorization('{}')) };
    expect(news(state('ready'))).toEqual([]);
    source.mesh = { policies: policies(authorization('{}')), openapi: { 'policies.yaml api.yaml': {} } };
    expect(news(state('ready'))).toEqual(['in force now (snapshot 4): policies.yaml; 1 policy in 1 file']);
  });

  it('of many files are named up to five, whatever their names hold', () => {
    const { source } = running();
    const news = sessionNews(source);
    const [one] = source.mesh.policies;
    if (!one) throw new Error('no policy');
    const files = ['\u001b[2J.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml', 'f.yaml'];
    source.mesh = { policies: files.map((file) => ({ ...one, at: { ...one.at, file } })) };
    expect(news(state('ready'))).toEqual([
      'in force now (snapshot 4): \\u{1b}[2J.yaml, b.yaml, c.yaml, d.yaml, e.yaml and 2 more; 6 policies in 6 files',
    ]);
  });
});

describe('addresses', () => {
  const told = (port: number): string[] => [
    '  web  80 http STRICT  spiffe://cluster.local/ns/shop/sa/web',
    `      its sidecar, for anyone http://127.0.0.1:${port}`,
  ];

  it('are not told again while they stay', () => {
    const news = sessionNews(running().source);
    expect(news(state('restarting'))).toEqual(['web-0 is restarting']);
    expect(news(state('ready'))).toEqual(['web-0 is ready again']);
  });

  it('are told again of a service that had no instance, once it is ready', () => {
    const held = running();
    const news = sessionNews(held.source);
    expect(news(state(null))).toEqual(['web-0 is gone']);
    held.port = 41_002;
    expect(news(state('starting'))).toEqual(['web-0 joins']);
    expect(news(state('ready'))).toEqual(['web-0 is ready', ...told(41_002)]);
    expect(news(state('ready'))).toEqual([]);
  });

  it('are not told of a session that ends', () => {
    const held = running();
    const news = sessionNews(held.source);
    held.port = 41_002;
    expect(news(state('ready', { phase: 'stopping' }))).toEqual([]);
  });
});
