import { describe, expect, it } from 'vitest';
import { remoteAddressAtGateway, remoteAddressAtSidecar } from '../../wire/remote-address.ts';

describe('remoteAddressAtSidecar', () => {
  it.each([
    ['bogus'],
    [''],
    ['10.1.2.3:4711'],
    ['1.1.1.1,'],
    ['unknown'],
    ['1.1.1.1\u00a0'],
    ['\u00a01.1.1.1'],
  ])('falls back to the peer for %j', (value) => {
    expect(remoteAddressAtSidecar('10.9.9.9', [['x-forwarded-for', value]])).toBe('10.9.9.9');
  });

  it('believes the last entry, whoever sent it', () => {
    expect(remoteAddressAtSidecar('10.9.9.9', [['x-forwarded-for', '1.1.1.1, 10.1.2.3']])).toBe('10.1.2.3');
  });

  it('reads several lines as one list', () => {
    const headers: [string, string][] = [
      ['x-forwarded-for', '1.1.1.1'],
      ['x-forwarded-for', 'fd00::5'],
    ];
    expect(remoteAddressAtSidecar('10.9.9.9', headers)).toBe('fd00::5');
  });

  it('is the peer without the header, whatever others say', () => {
    expect(remoteAddressAtSidecar('10.9.9.9', [])).toBe('10.9.9.9');
    expect(remoteAddressAtSidecar('10.9.9.9', [['x-real-ip', '10.1.2.3']])).toBe('10.9.9.9');
  });
});

describe('remoteAddressAtGateway', () => {
  const peer = '10.9.9.9';

  it.each([
    [0, ['10.1.2.3'], peer],
    [1, ['10.1.2.3, 1.1.1.1'], '1.1.1.1'],
    [3, ['10.1.2.3, 1.1.1.1, 2.2.2.2'], '10.1.2.3'],
    [3, ['10.1.2.3, 1.1.1.1'], peer],
    [1, ['10.1.2.3', '1.1.1.1'], '1.1.1.1'],
    [2, ['10.1.2.3', '1.1.1.1'], '10.1.2.3'],
    [1, ['10.1.2.3, bogus'], peer],
    [1, ['10.1.2.3:4711'], peer],
    [1, ['[fd00::5]:80'], peer],
    [1, ['fd00::5'], 'fd00::5'],
    [2, ['10.1.2.3, , 1.1.1.1'], peer],
    [1, ['10.1.2.3,'], peer],
    [1, [''], peer],
    [1, [], peer],
  ])('behind %i proxies, of %j is %s', (proxies, lines, address) => {
    const headers = lines.map((line): [string, string] => ['x-forwarded-for', line]);
    expect(remoteAddressAtGateway(peer, headers, proxies)).toBe(address);
  });
});
