import { expect, it } from 'vitest';
import { escapeAttribute, escapeXml } from '../../export/xml-text.ts';

it('writes no character that XML 1.0 lacks', () => {
  expect(escapeXml('a\u0000b\u001bc\ud800d\ufffe')).toBe('a\ufffdb\ufffdc\ufffdd\ufffd');
  expect(escapeXml('\u{1f600}\t\n')).toBe('\u{1f600}\t\n');
});

it('escapes markup, and line ends in attributes', () => {
  expect(escapeXml(`<a href="x">&'`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&apos;');
  expect(escapeAttribute('a\r\n\tb')).toBe('a&#13;&#10;&#9;b');
});
