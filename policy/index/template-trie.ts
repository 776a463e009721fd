/**
 * Path templates by segment. Literal and starred branches are followed side by side, a level a segment: no way back,
 * and a node is visited once at most. Finds candidates; whether a star's text is made of characters that a template
 * takes is for the caller to check.
 */
import type { TemplateToken } from '../compiled-policy.ts';

interface SegmentNode<T> {
  literals: Map<string, SegmentNode<T>>;
  star: SegmentNode<T> | null;
  /** Of a template that ends here. */
  end: T | undefined;
  /** Of a template that takes whatever follows. */
  rest: T | undefined;
}

export class TemplateTrie<T> {
  readonly #root: SegmentNode<T> = emptyNode();

  /** The value kept for the template, made when there is none. */
  ensure(tokens: readonly TemplateToken[], make: () => T): T {
    let node = this.#root;
    for (const segment of segmentsOf(tokens)) {
      if (segment.kind === 'rest') {
        node.rest ??= make();
        return node.rest;
      }
      node = segment.kind === 'segment' ? (node.star ??= emptyNode()) : literalChild(node, segment.text);
    }
    node.end ??= make();
    return node.end;
  }

  /** Adds to `into` the values of the templates that `path` may match. */
  collect(path: string, into: T[]): void {
    let level: SegmentNode<T>[] = [this.#root];
    for (let start = 0; level.length > 0; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const segment = path.slice(start, end);
      const next: SegmentNode<T>[] = [];
      for (const node of level) {
        if (node.rest !== undefined) into.push(node.rest);
        const literal = node.literals.get(segment);
        if (literal) next.push(literal);
        if (node.star && segment !== '') next.push(node.star);
      }
      if (slash < 0) {
        for (const node of next) if (node.end !== undefined) into.push(node.end);
        return;
      }
      level = next;
      start = end + 1;
    }
  }
}

/** Tokens cut at slashes; a wildcard is always a whole segment. */
function segmentsOf(tokens: readonly TemplateToken[]): TemplateToken[] {
  const segments: TemplateToken[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'text') {
      segments.push(token);
      continue;
    }
    const texts = token.text.split('/');
    // The text before a wildcard ends with a slash, the one after it begins with one: those ends are no segments.
    if (index > 0) texts.shift();
    if (index < tokens.length - 1) texts.pop();
    for (const text of texts) segments.push({ kind: 'text', text });
  }
  return segments;
}

function literalChild<T>(node: SegmentNode<T>, text: string): SegmentNode<T> {
  const known = node.literals.get(text);
  if (known) return known;
  const made = emptyNode<T>();
  node.literals.set(text, made);
  return made;
}

function emptyNode<T>(): SegmentNode<T> {
  return { literals: new Map(), star: null, end: undefined, rest: undefined };
}
