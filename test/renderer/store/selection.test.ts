import { describe, expect, it } from 'vitest';
import { formatHash, parseHash } from '../../../renderer/store/selection.ts';

describe('the place in the URL', () => {
  it('is the topology for anything that it does not know', () => {
    for (const hash of ['', '#', '#/nowhere', '#/<script>', '#//traffic?']) {
      expect(parseHash(hash)).toEqual({ view: 'topology', params: {} });
    }
  });

  it('survives the round trip, arrows and quotes too', () => {
    const place = { view: 'traffic', params: { filter: 'from:"a b" -path:/x?y=1', event: '12' } } as const;
    expect(parseHash(formatHash(place))).toEqual(place);
  });

  it('leaves empty values out', () => {
    expect(formatHash({ view: 'topology', params: { edge: '', node: 'web' } })).toBe('#/topology?node=web');
  });
});
