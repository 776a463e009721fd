/** One line of `greenroom doctor`. */
export interface Diagnosis {
  state: 'ok' | 'missing' | 'broken';
  what: string;
  words: string;
}
