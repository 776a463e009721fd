/**
 * Path templates: `{*}` is one non-empty segment, `{**}` any number of them, the last wildcard; text may follow it.
 * Both take only the characters that Envoy's URI template knows; others never match.
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
    if (tokens.at(-2)?.kind === 'rest') return null;
    rest = rest.slice(open + wildcard.length);
    if (rest !== '' && !rest.startsWith('/')) return null;
    tokens.push(wildcard === '{*}' ? { kind: 'segment' } : { kind: 'rest' });
  }
  return tokens;
}

/** The text behind `{**}`; '' where it stands last, or not at all. */
export function textAfterRest(tokens: readonly TemplateToken[]): string {
  const last = tokens.at(-1);
  return last?.kind === 'text' && tokens.at(-2)?.kind === 'rest' ? last.text : '';
}

/** One pass over the path: what follows `{**}` is looked for at its end, so nothing is tried twice. */
export function matchesTemplate(tokens: readonly TemplateToken[], path: string): boolean {
  const end = path.length - textAfterRest(tokens).length;
  let at = 0;
  for (const token of tokens) {
    if (token.kind === 'text') {
      if (!path.startsWith(token.text, at)) return false;
      at += token.text.length;
    } else {
      const [start, stop] = [at, token.kind === 'rest' ? end : path.length];
      while (at < stop && isTemplateCharacter(path.charCodeAt(at), token.kind)) at += 1;
      if (token.kind === 'segment' ? at === start : at !== stop) return false;
    }
  }
  return at === path.length;
}

const PUNCTUATION = new Set([..."-._~%!$&'()*+,;:@="].map((character) => character.charCodeAt(0)));
const SLASH = 0x2f;

function isTemplateCharacter(code: number, kind: 'segment' | 'rest'): boolean {
  if (code === SLASH) return kind === 'rest';
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) || PUNCTUATION.has(code);
}
