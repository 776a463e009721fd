import { describe, expect, it } from 'vitest';
import { maskSecrets, maskValue } from '../../export/mask-secrets.ts';
import { toJUnit } from '../../export/junit.ts';
import { toReportJson } from '../../export/report-json.ts';
import { sampleReport, sampleScenario, sampleStep } from '../support/sample-report.ts';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

describe('secrets in reports', () => {
  it.each([
    ['a bearer token', 'Authorization: Bearer abcdef123456', 'abcdef123456'],
    ['a basic password', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['a JSON web token anywhere', `GET /a?t=${TOKEN}`, TOKEN],
    ['a token in a query', 'GET /a?x=1&access_token=hunter2345&y=2', 'hunter2345'],
    ['a password in JSON', '{"user":"a","password":"hunter2"}', 'hunter2'],
    ['a cookie', 'set-cookie: sid=31337; Path=/', '31337'],
    ['a private key', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----', 'MHcCAQ'],
    ['half a private key', 'x -----BEGIN PRIVATE KEY-----\nMHcCAQ', 'MHcCAQ'],
    ['a password in a URL', 'postgres://shop:hunter2@db/shop', 'hunter2'],
  ])('masks %s', (_what, text, secret) => {
    expect(maskSecrets(text)).not.toContain(secret);
    expect(maskSecrets(text)).toContain('[secret]');
  });

  it('keeps the rest of the text', () => {
    expect(maskSecrets('GET /a?x=1&access_token=hunter2345&y=2')).toBe(
      'GET /a?x=1&access_token=[secret]&y=2',
    );
    const plain =
      'POST /charge of inventory got through to payments: ALLOW billing/payments-orders-charge[1] let it in';
    expect(maskSecrets(plain)).toBe(plain);
  });

  it('is the same masked twice', () => {
    const once = maskSecrets(`Authorization: Bearer ${TOKEN} password=abc cookie: a=b`);
    expect(maskSecrets(once)).toBe(once);
  });

  it('masks the value that stands beside the name of a secret header', () => {
    expect(maskValue({ what: 'headers[set-cookie]', wanted: 'a', got: 'b', at: { line: 1 } })).toEqual({
      what: 'headers[set-cookie]',
      wanted: '[secret]',
      got: '[secret]',
      at: { line: 1 },
    });
    expect(
      maskValue({ field: 'when[request.headers[authorization]]', wanted: ['x', 'y'], got: null }),
    ).toEqual({ field: 'when[request.headers[authorization]]', wanted: ['[secret]', '[secret]'], got: null });
  });

  it('reach neither the JUnit nor the JSON report, which stays readable', () => {
    const step = sampleStep({
      verdict: 'failed',
      sent: `GET /a?access_token=${TOKEN}`,
      message: 'password=hunter2',
    });
    const report = sampleReport([sampleScenario('failed', { steps: [step], message: `Bearer ${TOKEN}` })]);
    for (const text of [toJUnit(report), toReportJson(report)]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain('hunter2');
    }
    expect(JSON.parse(toReportJson(report))).toMatchObject({
      kind: 'RehearsalReport',
      totals: { failed: 1 },
    });
  });
});
