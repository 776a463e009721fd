/** Attacks on the path (catalogue P): what a policy on `/admin` is worth, on the wire, with the application's log as witness. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOW_WEB, authorizationPolicy } from '../support/sidecar-pair.ts';
import { type Attacked, get, message, normalizing, inBothLanes, startAttacked } from './attacked-pair.ts';
import { expectBlocked, expectIstioAllows } from './outcomes.ts';

const DENY_ADMIN = authorizationPolicy('deny-admin', {
  action: 'DENY',
  rules: [{ to: [{ operation: { paths: ['/admin', '/admin/*'] } }] }],
});
const ALLOW_PUBLIC = authorizationPolicy('allow-public', {
  rules: [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/web'] } }],
      to: [{ operation: { paths: ['/public', '/public/*'] } }],
    },
  ],
});

inBothLanes((lanes) => {
  let scene: Attacked;
  beforeAll(async () => {
    scene = await startAttacked({ lanes });
  });
  afterAll(() => scene.close());

  describe('a DENY on /admin', () => {
    beforeAll(() => scene.protect([ALLOW_WEB, DENY_ADMIN]));

    it('is met by the path itself: the control', async () => {
      expectBlocked(await scene.attack(get('/admin')), 403, 'deny');
    });
    it('lets another path through to the application: the other control', async () => {
      const outcome = await scene.attack(get('/public'));
      expect(outcome.arrived).toMatchObject([{ target: '/public' }]);
    });
    for (const path of ['/x/../admin', '/x/%2e%2e/admin', '/x/..;a=b/admin', '/./admin', '/%61dmin'])
      it(`P1: stops ${path}, whose dot segments and escapes are undone first`, async () => {
        expectBlocked(await scene.attack(get(path)), 403, 'deny');
      });
    it('P2: is passed by two slashes in mode BASE, and the event says so', async () => {
      expectIstioAllows(await scene.attack(get('//admin')), 'P2', '//admin');
    });
    it('P3: stops a backslash, which BASE makes a slash', async () => {
      expectBlocked(await scene.attack(get('/x\\..\\admin')), 403, 'deny');
    });
    it('P3: is passed by an escaped slash in mode BASE, and the event says so', async () => {
      expectIstioAllows(await scene.attack(get('/admin%2fusers')), 'P3', '/admin%2fusers');
    });
    it('P5: refuses raw bytes above ASCII, as full-width letters are', async () => {
      expectBlocked(await scene.attack(get('/\xef\xbd\x81dmin')), 400, 'codec');
    });
    it('P6: refuses %00', async () => {
      expectBlocked(await scene.attack(get('/public%00/../admin')), 400, 'normalization');
    });
    it('P6: passes a broken escape on as it is, and the event says so', async () => {
      expectIstioAllows(await scene.attack(get('/public%zz')), 'P6', '/public%zz');
    });
    it('P7: stops what is /admin once its fragment is cut', async () => {
      expectBlocked(await scene.attack(get('/admin#x')), 403, 'deny');
    });
    it('P7: cuts a fragment of what it lets through, and the event says so', async () => {
      expectIstioAllows(await scene.attack(get('/public#/../admin')), 'P7', '/public');
    });
    for (const path of ['/Admin', '/admin;x=1', '/admin.'])
      it(`P8: is passed by ${path}, and the event says so`, async () => {
        expectIstioAllows(await scene.attack(get(path)), 'P8', path);
      });
    for (const header of ['X-Original-URL', 'X-Rewrite-URL', 'X-Envoy-Original-Path'])
      it(`P10: passes ${header} on to the application, and the event says so`, async () => {
        const outcome = await scene.attack(get('/public', `${header}: /admin`));
        expectIstioAllows(outcome, 'P10', '/public');
        expect(outcome.arrived[0]?.headers).toContainEqual([header.toLowerCase(), '/admin']);
      });
  });

  describe('with slashes merged', () => {
    beforeAll(() => scene.protect([ALLOW_WEB, DENY_ADMIN], normalizing('MERGE_SLASHES')));
    it('P2: stops two slashes', async () => {
      expectBlocked(await scene.attack(get('//admin')), 403, 'deny');
    });
  });

  describe('with escaped slashes undone', () => {
    beforeAll(() => scene.protect([ALLOW_WEB, DENY_ADMIN], normalizing('DECODE_AND_MERGE_SLASHES')));
    for (const path of ['/admin%2fusers', '/x%2f..%2fadmin', '/x%5c..%5cadmin', '//admin'])
      it(`P3: stops ${path}`, async () => {
        expectBlocked(await scene.attack(get(path)), 403, 'deny');
      });
  });

  describe('an ALLOW of /public alone', () => {
    beforeAll(() => scene.protect([ALLOW_PUBLIC]));
    for (const path of ['/%252e%252e/admin', '/%25c0%25af/admin'])
      it(`P4: stops ${path}, which nothing decodes twice`, async () => {
        expectBlocked(await scene.attack(get(path)), 403, 'allow');
      });
    it('P5: stops overlong dots', async () => {
      expectBlocked(await scene.attack(get('/%c0%ae%c0%ae/admin')), 403, 'allow');
    });
    for (const path of ['/Public', '/public;x', '/public.', '//public'])
      it(`P8: stops ${path}: an ALLOW is met by nothing that it doesn't name`, async () => {
        expectBlocked(await scene.attack(get(path)), 403, 'allow');
      });
  });

  describe('a DENY on a host', () => {
    const denyHost = authorizationPolicy('deny-internal', {
      action: 'DENY',
      rules: [{ to: [{ operation: { hosts: ['internal.example'] } }] }],
    });
    beforeAll(() => scene.protect([ALLOW_WEB, denyHost]));
    it('P9: is met by the authority of an absolute target, whatever Host says', async () => {
      const bytes = message('GET', 'http://internal.example/', ['Host: orders']);
      expectBlocked(await scene.attack(bytes), 403, 'deny');
    });
    it('P9: is not met by a Host that an absolute target replaces, and the application sees the target’s', async () => {
      const outcome = await scene.attack(message('GET', 'http://orders/x', ['Host: internal.example']));
      expect(outcome.statuses).toEqual([200]);
      expect(outcome.arrived[0]?.headers).toContainEqual(['host', 'orders']);
      expect(outcome.arrived).toMatchObject([{ target: '/x' }]);
    });
  });
});
