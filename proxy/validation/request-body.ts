/** A request's body as it is validated: its length, and its value where it is JSON. */
import type { RequestBody } from '../../policy/request-validation.ts';

/** Nesting beyond this is nobody's message; it would cost a reader its stack. */
const MOST_DEPTH = 200;

/** Reads bytes that are all there; `undefined` as the value = no JSON, or nested too deep. */
export function requestBody(bytes: Buffer): RequestBody {
  if (bytes.length === 0) return { bytes: 0 };
  const text = bytes.toString('utf8');
  if (depthOf(text) > MOST_DEPTH) return { bytes: bytes.length };
  try {
    return { bytes: bytes.length, value: JSON.parse(text) as unknown };
  } catch {
    return { bytes: bytes.length };
  }
}

/** Brackets that are open at once, those within strings left out. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, (depth += 1));
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}
