/** A command written as one string -> its words. Quotes group; nothing else of a shell is understood, or guessed. */

export type CommandWords = { words: string[] } | { error: string };

export function splitCommand(text: string): CommandWords {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (const character of text) {
    if (quote !== null) {
      if (character === quote) quote = null;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if ('|&;<>$`\\*?(){}'.includes(character)) {
      return { error: `"${character}" would need a shell` };
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== null) return { error: `a ${quote} isn't closed` };
  if (word !== null) words.push(word);
  return words.length > 0 ? { words } : { error: 'it is empty' };
}
