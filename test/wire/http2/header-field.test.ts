import { expect, it } from 'vitest';
import { fieldSize } from '../../../wire/http2/header-field.ts';

it.each<[string, string, number]>([
  ['custom-key', 'custom-header', 55],
  [':authority', 'www.example.com', 57],
  ['cache-control', 'no-cache', 53],
  ['', '', 32],
])('%s: %s counts as the tables of RFC 7541 Appendix C say', (name, value, size) => {
  expect(fieldSize([name, value])).toBe(size);
});
