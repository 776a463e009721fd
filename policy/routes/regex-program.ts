/** A tree → instructions of a machine that follows all alternatives at once. */
import type { CharSet } from './regex-classes.ts';
import type { ParsedRegex, RegexNode } from './regex-syntax.ts';

export type Instruction =
  | { kind: 'set'; set: CharSet }
  /** The first is preferred. */
  | { kind: 'split'; first: number; second: number }
  | { kind: 'jump'; to: number }
  | { kind: 'save'; slot: number }
  | { kind: 'assert'; what: 'start' | 'end' | 'word' | 'not-word' }
  | { kind: 'match' };

export interface Program {
  instructions: readonly Instruction[];
  /** Two for the match, two a group. */
  slots: number;
}

/** Bounds memory and the time that a character takes. */
const MAX_INSTRUCTIONS = 10_000;

class TooLarge extends Error {}

export function compileProgram({ root, groups }: ParsedRegex): Program | { problem: string } {
  const instructions: Instruction[] = [];
  try {
    emit(root, instructions);
  } catch (error) {
    if (error instanceof TooLarge) return { problem: 'too large when its repetitions are written out' };
    throw error;
  }
  instructions.push({ kind: 'match' });
  return { instructions, slots: (groups + 1) * 2 };
}

function add(into: Instruction[], instruction: Instruction): number {
  if (into.length >= MAX_INSTRUCTIONS) throw new TooLarge();
  into.push(instruction);
  return into.length - 1;
}

function emit(node: RegexNode, into: Instruction[]): void {
  switch (node.kind) {
    case 'set':
      add(into, node);
      return;
    case 'assert':
      add(into, node);
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, into);
      return;
    case 'group':
      add(into, { kind: 'save', slot: node.index * 2 });
      emit(node.part, into);
      add(into, { kind: 'save', slot: node.index * 2 + 1 });
      return;
    case 'choice':
      emitChoice(node.options, into);
      return;
    case 'repeat':
      emitRepeat(node, into);
      return;
  }
}

function emitChoice(options: readonly RegexNode[], into: Instruction[]): void {
  const ends: { kind: 'jump'; to: number }[] = [];
  for (const [index, option] of options.entries()) {
    if (index === options.length - 1) {
      emit(option, into);
      break;
    }
    const split = { kind: 'split' as const, first: into.length + 1, second: 0 };
    add(into, split);
    emit(option, into);
    const jump = { kind: 'jump' as const, to: 0 };
    add(into, jump);
    ends.push(jump);
    split.second = into.length;
  }
  for (const end of ends) end.to = into.length;
}

function emitRepeat(node: Extract<RegexNode, { kind: 'repeat' }>, into: Instruction[]): void {
  const { part, min, max, lazy } = node;
  if (max === null) {
    for (let times = 1; times < min; times += 1) emit(part, into);
    emitLoop(node, into);
    return;
  }
  for (let times = 0; times < min; times += 1) emit(part, into);
  const splits: { split: { first: number; second: number }; at: number }[] = [];
  for (let times = min; times < max; times += 1) {
    const split = { kind: 'split' as const, first: 0, second: 0 };
    splits.push({ split, at: add(into, split) });
    emit(part, into);
  }
  for (const { split, at } of splits) choose(split, lazy, at + 1, into.length);
}

/**
 * Once around, then again or on; for `*` a choice before it. So RE2 has it: a part that takes nothing goes on from there,
 * before its other ways are tried.
 */
function emitLoop({ part, min, lazy }: Extract<RegexNode, { kind: 'repeat' }>, into: Instruction[]): void {
  const skip = { kind: 'split' as const, first: 0, second: 0 };
  if (min === 0) add(into, skip);
  const begin = into.length;
  emit(part, into);
  const again = { kind: 'split' as const, first: 0, second: 0 };
  add(into, again);
  for (const split of [skip, again]) choose(split, lazy, begin, into.length);
}

function choose(split: { first: number; second: number }, lazy: boolean, go: number, skip: number): void {
  split.first = lazy ? skip : go;
  split.second = lazy ? go : skip;
}
