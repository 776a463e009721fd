import { describe, expect, it } from 'vitest';
import {
  isGone,
  labelsOf,
  ownerOf,
  realmOf,
  OWNER_LABEL,
  thisOwner,
} from '../../../../mesh/runtimes/docker/labels.ts';

const owner = thisOwner();

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
    expect(isGone({ ...owner, realm: 'elsewhere', boot: 'other', pid: 999_999_999, startedAt: '1' })).toBe(
      false,
    );
  });

  it('of a machine made of the same image is another machine’s, and its id isn’t told', () => {
    const place = { machine: 'b08dfa6083e7567a1921a715000001fb', host: 'one', processes: 'pid:[4026531836]' };
    expect(realmOf(place)).toBe(realmOf({ ...place }));
    expect(realmOf({ ...place, host: 'two' })).not.toBe(realmOf(place));
    expect(realmOf({ ...place, processes: 'pid:[4026532000]' })).not.toBe(realmOf(place));
    expect(realmOf(place)).not.toContain(place.machine);
  });

  it('that lives is not gone', () => {
    expect(isGone(owner)).toBe(false);
  });

  it('whose id another process has by now is gone', () => {
    expect(isGone({ ...owner, startedAt: 'long ago' })).toBe(true);
  });

  it('of before the last start of this machine is gone, whatever its id', () => {
    expect(isGone({ ...owner, boot: 'an earlier one' })).toBe(true);
  });
});
