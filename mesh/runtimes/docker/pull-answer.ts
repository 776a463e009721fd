/** How an engine's fetching of an image goes, as it tells it line by line. */
import type { Readable } from 'node:stream';
import { messageOf } from '../../../model/message-of.ts';
import { eachLine } from './lines.ts';
import type { PullMessage } from './pull-layers.ts';

/** Why an engine didn't fetch an image, in its own words. */
export class PullRefusal extends Error {
  constructor(words: string, cause: unknown) {
    super(words, { cause });
    this.name = 'PullRefusal';
  }
}

/** Gives `sink` every message; resolves with the engine's words where one of them is an error, else null. */
export async function readPull(
  answer: Readable,
  sink: (message: PullMessage) => void,
): Promise<string | null> {
  let refused: string | null = null;
  await eachLine(answer, (line) => {
    if (line === '') return;
    const message = JSON.parse(line) as PullMessage;
    refused ??= message.errorDetail?.message ?? message.error ?? null;
    sink(message);
  });
  return refused;
}

/** An engine says what it has to say in `message`; what dockerode adds to it is about HTTP. */
export function engineWords(cause: unknown): string {
  const json = typeof cause === 'object' && cause !== null && 'json' in cause ? cause.json : null;
  const words = typeof json === 'object' && json !== null && 'message' in json ? json.message : null;
  if (typeof words === 'string') return words;
  return messageOf(cause);
}
