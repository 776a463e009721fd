import { describe, expect, it } from 'vitest';
import {
  isGone,
  labelsOf,
  ownerOf,
  OWNER_LABEL,
  thisOwner,
} from '../../../../mesh/runtimes/docker/labels.ts';

const owner = thisOwner('here');

describe('the owner in a label', () => {
  it.each(['', 'x', 'null', '{}', '{"pid":"1"}', '{"pid":1,"startedAt":2,"realm":"r","boot":"b"}'])(
    'is none in %j',
    (text) => {
      expect(ownerOf({ [OWNER_LABEL]: text })).toBe(null);
    },
  );

  it('is none where there is no label', () => {
    expect(ownerOf({})).toBe(null);
  });

  it('comes back as it was written', () => {
    expect(ownerOf(labelsOf({ id: 's', mesh: 'shop', owner }, 'orders-0', 'service'))).toEqual(owner);
  });
});

describe('an owner', () => {
  it('of another machine is never gone: it can’t be seen from here', () => {
    const other = { ...owner, realm: 'elsewhere', boot: 'other', pid: 999_999_999, startedAt: '1' };
    expect(isGone(other, 'here')).toBe(false);
  });

  it('that lives is not gone', () => {
    expect(isGone(owner, 'here')).toBe(false);
  });

  it('whose id another process has by now is gone', () => {
    expect(isGone({ ...owner, startedAt: 'long ago' }, 'here')).toBe(true);
  });

  it('of before the last start of this machine is gone, whatever its id', () => {
    expect(isGone({ ...owner, boot: 'an earlier one' }, 'here')).toBe(true);
  });
});
