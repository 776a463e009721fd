/**
 * Prefixes (or suffixes) of a text, found in one walk along it: a radix trie whose edges are whole strings. The walk
 * never goes back, so what it costs is the length of the text at most, however many patterns there are.
 */

interface TrieNode<T> {
  /** Text on the edge that leads here, in reading direction of the pattern. */
  label: string;
  value: T | undefined;
  /** By the first character of their labels, last one in a backward trie. */
  children: Map<number, TrieNode<T>> | null;
}

/** From which end patterns are compared. */
export type TrieDirection = 'forward' | 'backward';

export class AffixTrie<T> {
  readonly #root: TrieNode<T> = { label: '', value: undefined, children: null };
  readonly #forward: boolean;

  constructor(direction: TrieDirection) {
    this.#forward = direction === 'forward';
  }

  /** The value kept for `pattern`, made when there is none. */
  ensure(pattern: string, make: () => T): T {
    let node = this.#root;
    let rest = pattern;
    while (rest !== '') {
      const child = node.children?.get(this.#first(rest));
      if (child === undefined) {
        node = addChild(node, this.#first(rest), { label: rest, value: undefined, children: null });
        break;
      }
      // Most edges are passed whole: the engine compares those faster than a loop does.
      const whole = this.#agrees(rest, child.label, 0);
      const shared = whole ? child.label.length : this.#sharedLength(rest, child.label);
      node = whole ? child : this.#split(node, child, shared);
      rest = this.#drop(rest, shared);
    }
    node.value ??= make();
    return node.value;
  }

  /** Adds to `into` the value of every pattern that `text` begins with (ends with, in a backward trie). */
  collect(text: string, into: T[]): void {
    let node: TrieNode<T> | undefined = this.#root;
    let passed = 0;
    while (node !== undefined) {
      if (node.value !== undefined) into.push(node.value);
      if (node.children === null || passed === text.length) return;
      const code: number = text.charCodeAt(this.#forward ? passed : text.length - 1 - passed);
      const child: TrieNode<T> | undefined = node.children.get(code);
      if (child === undefined || !this.#agrees(text, child.label, passed)) return;
      passed += child.label.length;
      node = child;
    }
  }

  #agrees(text: string, label: string, passed: number): boolean {
    return this.#forward ? text.startsWith(label, passed) : text.endsWith(label, text.length - passed);
  }

  #first(text: string): number {
    return text.charCodeAt(this.#forward ? 0 : text.length - 1);
  }

  #drop(text: string, length: number): string {
    return this.#forward ? text.slice(length) : text.slice(0, text.length - length);
  }

  #sharedLength(a: string, b: string): number {
    const most = Math.min(a.length, b.length);
    let shared = 0;
    while (shared < most && this.#at(a, shared) === this.#at(b, shared)) shared += 1;
    return shared;
  }

  #at(text: string, index: number): number {
    return text.charCodeAt(this.#forward ? index : text.length - 1 - index);
  }

  /** Puts a node between `parent` and `child` where their ways part. */
  #split(parent: TrieNode<T>, child: TrieNode<T>, shared: number): TrieNode<T> {
    const { label } = child;
    const head = this.#forward ? label.slice(0, shared) : label.slice(label.length - shared);
    const middle: TrieNode<T> = { label: head, value: undefined, children: null };
    addChild(parent, this.#first(label), middle);
    child.label = this.#drop(label, shared);
    addChild(middle, this.#first(child.label), child);
    return middle;
  }
}

function addChild<T>(parent: TrieNode<T>, code: number, child: TrieNode<T>): TrieNode<T> {
  parent.children ??= new Map();
  parent.children.set(code, child);
  return child;
}
