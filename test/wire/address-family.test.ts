import { describe, expect, it } from 'vitest';
import { sameFamily } from '../../wire/address-family.ts';

describe('the ends of a connection', () => {
  it('are mapped to IPv6 where one of them is of it', () => {
    expect(sameFamily('10.0.0.1', 'fd00::5')).toEqual({
      sourceIp: '::ffff:10.0.0.1',
      destinationIp: 'fd00::5',
    });
    expect(sameFamily('fd00::5', '10.0.0.1')).toEqual({
      sourceIp: 'fd00::5',
      destinationIp: '::ffff:10.0.0.1',
    });
  });

  it('stay as they are where they are of one family', () => {
    expect(sameFamily('10.0.0.1', '10.0.0.2')).toEqual({ sourceIp: '10.0.0.1', destinationIp: '10.0.0.2' });
  });
});
