import { describe, expect, it } from 'vitest';
import { writeRequest } from '../../../rehearsal/attackers/http-request.ts';

const base = { method: 'GET', target: '/', host: 'orders', headers: {}, body: null };
const text = (more: Partial<Parameters<typeof writeRequest>[0]>): string =>
  writeRequest({ ...base, ...more }).toString('utf8');

describe("an attacker's request", () => {
  it('cannot become two by a line end that nobody sees', () => {
    expect(() => text({ target: '/ HTTP/1.1\r\nHost: x\r\n\r\nGET /admin' })).toThrow(RangeError);
    expect(() => text({ headers: { x: 'a\nb' } })).toThrow(RangeError);
  });

  it('goes out as written', () => {
    expect(text({ target: '/a/../%2e\\b#c' })).toBe(
      'GET /a/../%2e\\b#c HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n',
    );
  });

  it("leaves to the scenario's headers what they set, twice if so", () => {
    expect(text({ headers: { hOST: 'x', connection: 'keep-alive', a: ['1', '2'] } })).toBe(
      'GET / HTTP/1.1\r\nhOST: x\r\nconnection: keep-alive\r\na: 1\r\na: 2\r\n\r\n',
    );
  });

  it('counts its body in bytes', () => {
    expect(text({ method: 'POST', body: 'é' })).toMatch(/\r\nContent-Length: 2\r\n\r\né$/);
    expect(text({ method: 'POST' })).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
    expect(
      text({ method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: '0\r\n\r\n' }),
    ).not.toContain('Content-Length');
  });
});
