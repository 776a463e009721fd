import { describe, expect, it } from 'vitest';
import { remoteAddressAtSidecar } from '../../wire/remote-address.ts';

describe('remoteAddressAtSidecar', () => {
  it.each([['bogus'], [''], ['10.1.2.3:4711'], ['1.1.1.1,'], ['unknown']])(
    'falls back to the peer for %j',
    (value) => {
      expect(remoteAddressAtSidecar('10.9.9.9', [['x-forwarded-for', value]])).toBe('10.9.9.9');
    },
  );

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

  it('is the peer without the header', () => {
    expect(remoteAddressAtSidecar('10.9.9.9', [])).toBe('10.9.9.9');
  });
});
