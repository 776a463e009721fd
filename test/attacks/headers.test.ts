/** Attacks on Host and headers (catalogue H), on the wire, with the application's log as witness. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOW_WEB, authorizationPolicy, ORDERS, WEB, WEB_IP } from '../support/sidecar-pair.ts';
import { type Attacked, get, message, inBothLanes, startAttacked } from './attacked-pair.ts';
import { expectBlocked, expectIstioAllows } from './outcomes.ts';

inBothLanes((lanes) => {
  let scene: Attacked;
  beforeAll(async () => {
    scene = await startAttacked({ lanes });
  });
  afterAll(() => scene.close());

  const deny = (name: string, rule: unknown) => authorizationPolicy(name, { action: 'DENY', rules: [rule] });
  const fromWeb = { source: { principals: ['cluster.local/ns/shop/sa/web'] } };
  const host = (...lines: string[]): string => message('GET', '/x', lines);

  describe('a DENY on the host internal.example', () => {
    beforeAll(() =>
      scene.protect([ALLOW_WEB, deny('internal', { to: [{ operation: { hosts: ['internal.example'] } }] })]),
    );
    it('H1: is met in any case', async () => {
      expectBlocked(await scene.attack(host('Host: INTERNAL.Example')), 403, 'deny');
    });
    for (const dodge of ['internal.example:8080', 'internal.example.'])
      it(`H1: is passed by ${dodge}, and the event says so`, async () => {
        expectIstioAllows(await scene.attack(host(`Host: ${dodge}`)), 'H1', '/x');
      });
    it('H2: is passed by two Hosts, which are joined, and the event says so', async () => {
      const outcome = await scene.attack(host('Host: internal.example', 'Host: x'));
      expectIstioAllows(outcome, 'H2', '/x');
      expect(outcome.arrived[0]?.headers).toContainEqual(['host', 'internal.example,x']);
    });
    it('H2: is passed by a user before the host, and the event says so', async () => {
      expectIstioAllows(await scene.attack(host('Host: me@internal.example')), 'H1', '/x');
    });
    it('H2: refuses a request without a Host', async () => {
      expectBlocked(await scene.attack(host('Accept: */*')), 400, 'codec');
    });
  });

  describe('policies on the address of the caller', () => {
    it('H3: a caller writes itself into an ALLOW by remoteIpBlocks, and the event says so', async () => {
      await scene.protect([
        authorizationPolicy('office', {
          rules: [{ from: [{ source: { remoteIpBlocks: ['10.7.0.0/16'] } }] }],
        }),
      ]);
      expectBlocked(await scene.attack(get('/x')), 403, 'allow');
      expectIstioAllows(await scene.attack(get('/x', 'X-Forwarded-For: 10.7.1.1')), 'H3', '/x');
    });
    it('H3: a caller writes itself out of a DENY by remoteIpBlocks, and the event says so', async () => {
      await scene.protect([
        ALLOW_WEB,
        deny('web', { from: [{ source: { remoteIpBlocks: ['127.0.0.1', WEB_IP] } }] }),
      ]);
      expectBlocked(await scene.attack(get('/x')), 403, 'deny');
      expectIstioAllows(await scene.attack(get('/x', 'X-Forwarded-For: 1.1.1.1')), 'H3', '/x');
    });
    it('H3: nobody writes itself past ipBlocks', async () => {
      await scene.protect([
        ALLOW_WEB,
        deny('web', { from: [{ source: { ipBlocks: ['127.0.0.1', WEB_IP] } }] }),
      ]);
      expectBlocked(await scene.attack(get('/x', 'X-Forwarded-For: 1.1.1.1')), 403, 'deny');
    });
  });

  describe('headers that proxies own', () => {
    beforeAll(() => scene.protect([ALLOW_WEB]));
    for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'host'])
      it(`H4: Connection may not take off ${name}`, async () => {
        expectBlocked(await scene.attack(get('/x', `Connection: ${name}`)), 400, 'codec');
      });
    it('H4: Connection can’t take off what this sidecar tells of the caller', async () => {
      const { arrived } = await scene.attack(get('/x', 'Connection: x-forwarded-client-cert'));
      const told = arrived[0]?.headers.find(([name]) => name === 'x-forwarded-client-cert')?.[1];
      expect(told).toMatch(new RegExp(`^By=${ORDERS};Hash=[0-9a-f]{64};Subject="";URI=${WEB}$`));
    });
    it('H9: a client’s word about its certificate is removed over plaintext', async () => {
      await scene.protect([authorizationPolicy('all', { rules: [{}] })], { mtls: 'PERMISSIVE' });
      const outcome = await scene.attack(get('/x', `X-Forwarded-Client-Cert: URI=${WEB}`), {
        as: 'plaintext',
      });
      expect(outcome.statuses).toEqual([200]);
      expect(outcome.arrived[0]?.headers.map(([name]) => name)).not.toContain('x-forwarded-client-cert');
    });
  });

  describe('headers that policies look at', () => {
    it('H6: each of two values is compared, so a DENY is met by the second', async () => {
      await scene.protect([
        ALLOW_WEB,
        deny('admins', { when: [{ key: 'request.headers[x-role]', values: ['admin'] }] }),
      ]);
      expectBlocked(await scene.attack(get('/x', 'X-Role: user', 'X-Role: admin')), 403, 'deny');
    });
    it('H5: the request’s own method is judged, and the override that is passed on is told', async () => {
      await scene.protect([
        authorizationPolicy('get-only', {
          rules: [{ from: [fromWeb], to: [{ operation: { methods: ['GET'] } }] }],
        }),
      ]);
      expectBlocked(await scene.attack(message('DELETE', '/x', ['Host: orders'])), 403, 'allow');
      expectIstioAllows(await scene.attack(get('/x', 'X-HTTP-Method-Override: DELETE')), 'H5', '/x');
    });
    it('H7: a name with a blank is refused', async () => {
      await scene.protect([ALLOW_WEB]);
      expectBlocked(await scene.attack(get('/x', 'X Role: admin')), 400, 'codec');
    });
    it('H7: underscores in place of dashes dodge a DENY, and the event says so', async () => {
      await scene.protect([
        ALLOW_WEB,
        deny('admins', { when: [{ key: 'request.headers[x-role]', values: ['admin'] }] }),
      ]);
      expectIstioAllows(await scene.attack(get('/x', 'x_role: admin')), 'H7', '/x');
    });
  });

  describe('control bytes', () => {
    beforeAll(() => scene.protect([ALLOW_WEB]));
    for (const [name, value] of [
      ['NUL', 'a\0b'],
      ['a bare CR', 'a\rX-Role: admin'],
      ['DEL', 'a\x7fb'],
      ['a bell', 'a\x07b'],
    ] as const)
      it(`H8: refuses ${name} in a value`, async () => {
        expectBlocked(await scene.attack(get('/x', `X-A: ${value}`)), 400, 'codec');
      });
    it('H8: refuses a bare LF that would begin a header of the attacker’s own', async () => {
      expectBlocked(await scene.attack(get('/x', 'X-A: a\nX-Role: admin')), 400, 'codec');
    });
  });
});
