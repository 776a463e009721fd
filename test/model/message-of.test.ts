import { expect, it } from 'vitest';
import { messageOf } from '../../model/message-of.ts';

it('an error says its message, without its class; whatever else is thrown says itself', () => {
  expect(messageOf(new TypeError('no such host'))).toBe('no such host');
  expect(messageOf('no such host')).toBe('no such host');
  expect(messageOf(undefined)).toBe('undefined');
});
