import { expect, it } from 'vitest';
import { PREFACE } from '../../../wire/http2/protocol.ts';

it('the preface has the bytes of RFC 9113 §3.4', () => {
  expect(Buffer.from(PREFACE).toString('hex')).toBe('505249202a20485454502f322e300d0a0d0a534d0d0a0d0a');
});
