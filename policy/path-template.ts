/**
 * Path templates: `{*}` is one non-empty segment, `{**}` any rest and last. Both take only the characters that
 * Envoy's URI template knows; others never match.
 */
import type { TemplateToken } from './compiled-policy.ts';

/** Whether a value of `paths` is a template. */
export function isTemplate(value: string): boolean {
  return value.includes('{*}') || value.includes('{**}');
}

/** The template in tokens; null where Envoy refuses it. */
export function compileTemplate(value: string): readonly TemplateToken[] | null {
  const tokens: TemplateToken[] = [];
  let rest = value;
  while (rest !== '') {
    const open = rest.indexOf('{');
    const text = open < 0 ? rest : rest.slice(0, open);
    if (text.includes('}') || text.includes('*')) return null;
    if (text !== '') tokens.push({ kind: 'text', text });
    if (open < 0) break;
    const wildcard = rest.startsWith('{*}', open) ? '{*}' : rest.startsWith('{**}', open) ? '{**}' : null;
    // A wildcard is a whole segment: that is what makes one pass over the path enough.
    if (wildcard === null || !text.endsWith('/')) return null;
    rest = rest.slice(open + wildcard.length);
    if (wildcard === '{**}' ? rest !== '' : rest !== '' && !rest.startsWith('/')) return null;
    tokens.push(wildcard === '{*}' ? { kind: 'segment' } : { kind: 'rest' });
  }
  return tokens;
}

/** One pass over the path. */
export function matchesTemplate(tokens: readonly TemplateToken[], path: string): boolean {
  let at = 0;
  for (const token of tokens) {
    if (token.kind === 'text') {
      if (!path.startsWith(token.text, at)) return false;
      at += token.text.length;
    } else {
      const start = at;
      while (at < path.length && isTemplateCharacter(path.charCodeAt(at), token.kind)) at += 1;
      if (token.kind === 'segment' && at === start) return false;
    }
  }
  return at === path.length;
}

const PUNCTUATION = new Set([..."-._~%!$&'()+,;:@="].map((character) => character.charCodeAt(0)));
const SLASH = 0x2f;

function isTemplateCharacter(code: number, kind: 'segment' | 'rest'): boolean {
  if (code === SLASH) return kind === 'rest';
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) || PUNCTUATION.has(code);
}
