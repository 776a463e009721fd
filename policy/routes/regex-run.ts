/** Runs a program over a text: all threads step together, so time is text × program at most. */
import { contains, isWordPoint } from './regex-classes.ts';
import type { Instruction, Program } from './regex-program.ts';

export interface RunOptions {
  /** Where to begin to look. */
  from: number;
  /** The match must begin there and end with the text. */
  whole: boolean;
}

interface Thread {
  at: number;
  slots: readonly number[];
}

/** Start and end of the leftmost match, the preferred one, then those of its groups (−1: none); null = no match. */
export function runProgram(
  program: Program,
  points: readonly number[],
  { from, whole }: RunOptions,
): readonly number[] | null {
  const none: readonly number[] = Array.from({ length: program.slots }, () => -1);
  let threads: Thread[] = [];
  let found: readonly number[] | null = null;
  for (let index = from; ; index += 1) {
    const marked = new Set<number>();
    const next: Thread[] = [];
    for (const thread of threads) follow(program, thread, { points, index }, marked, next);
    const mayBegin = found === null && (whole ? index === from : true);
    if (mayBegin)
      follow(program, { at: 0, slots: withSlot(none, 0, index) }, { points, index }, marked, next);
    threads = [];
    for (const { at, slots } of next) {
      const instruction = program.instructions[at] as Instruction;
      if (instruction.kind === 'match') {
        if (whole && index < points.length) continue;
        found = withSlot(slots, 1, index);
        break;
      }
      if (
        instruction.kind === 'set' &&
        index < points.length &&
        contains(instruction.set, points[index] as number)
      )
        threads.push({ at: at + 1, slots });
    }
    if (index >= points.length || (threads.length === 0 && (found !== null || whole))) return found;
  }
}

function withSlot(slots: readonly number[], slot: number, value: number): readonly number[] {
  return slots.with(slot, value);
}

/** Goes on from a thread to where characters are read, in order of preference. */
function follow(
  { instructions }: Program,
  start: Thread,
  text: { points: readonly number[]; index: number },
  marked: Set<number>,
  into: Thread[],
): void {
  const stack: Thread[] = [start];
  for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
    const { at, slots } = thread;
    if (marked.has(at)) continue;
    marked.add(at);
    const instruction = instructions[at] as Instruction;
    switch (instruction.kind) {
      case 'jump':
        stack.push({ at: instruction.to, slots });
        break;
      case 'split':
        stack.push({ at: instruction.second, slots }, { at: instruction.first, slots });
        break;
      case 'save':
        stack.push({ at: at + 1, slots: withSlot(slots, instruction.slot, text.index) });
        break;
      case 'assert':
        if (holds(instruction.what, text)) stack.push({ at: at + 1, slots });
        break;
      default:
        into.push(thread);
    }
  }
}

function holds(
  what: 'start' | 'end' | 'word' | 'not-word',
  { points, index }: { points: readonly number[]; index: number },
): boolean {
  if (what === 'start') return index === 0;
  if (what === 'end') return index === points.length;
  const boundary = isWordPoint(points[index - 1]) !== isWordPoint(points[index]);
  return boundary === (what === 'word');
}
