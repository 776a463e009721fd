import { describe, expect, it } from 'vitest';
import { hideTokens } from '../../proxy/hide-tokens.ts';

describe('hideTokens', () => {
  it.each([
    ['Bearer eyJa.eyJb.c-_d', 'Bearer [redacted]'],
    ['/a?x=1&t=eyJa.b.c&y', '/a?x=1&t=[redacted]&y'],
    ['a eyJa.b.c, eyJa.b. z', 'a [redacted], [redacted] z'],
    ['file.eyJa.b.c', 'file.[redacted]'],
    ['eyJ is no token, nor is eyJa.b', 'eyJ is no token, nor is eyJa.b'],
    ['www.example.com', 'www.example.com'],
    ['', ''],
  ])('%j becomes %j', (text, hidden) => {
    expect(hideTokens(text)).toBe(hidden);
  });
});
