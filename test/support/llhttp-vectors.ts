/** The request vectors of llhttp's own tests, as the corpus keeps them. */
import { readFileSync } from 'node:fs';

export interface LlhttpVector {
  name: string;
  /** One character a byte. */
  wire: string;
  outcome: 'ok' | 'error';
  /** Messages that the strict parser reads to their end. */
  messages: number;
}

interface Entry {
  name: string;
  type: string;
  wireLatin1Base64: string;
  strictOutcome: LlhttpVector['outcome'];
  messagesCompleted: number;
}

/** The corpus has the log of this test behind its first message, and counts nothing. */
const MISCOUNTED = 'CRLF between requests, implicit `keep-alive`';

/** Those that are read strictly, with a name each. */
export function llhttpVectors(outcome: LlhttpVector['outcome']): [string, LlhttpVector][] {
  const file = new URL('../../../shared/corpora/llhttp/request-vectors.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Entry[] };
  return cases
    .filter(({ type, strictOutcome }) => type === 'request' && strictOutcome === outcome)
    .map(({ name, wireLatin1Base64, messagesCompleted }) => [
      name,
      {
        name,
        wire: Buffer.from(wireLatin1Base64, 'base64').toString('latin1'),
        outcome,
        messages: name === MISCOUNTED ? 1 : messagesCompleted,
      },
    ]);
}
