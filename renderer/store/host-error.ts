/** What the host refused: as an error on this side of the line, and in the words in which the window tells it. */
import { EnvironmentError } from '../../model/environment-error.ts';
import { messageOf } from '../../model/message-of.ts';

/** The error that crossed as JSON, its hint kept. */
export function asError(value: unknown): Error {
  if (typeof value === 'string') return new Error(value);
  const { code, message, hint } = Object(value) as Record<string, unknown>;
  if (typeof message !== 'string') return new Error('the host refused without a reason');
  if (typeof hint !== 'string' || hint === '') return new Error(message);
  return new EnvironmentError(typeof code === 'string' ? code : 'host-refused', message, { hint });
}

/** The message of whatever was thrown, with what may help beside it. */
export function errorWords(error: unknown): string {
  const hint = error instanceof EnvironmentError ? error.hint : null;
  return hint === null ? messageOf(error) : `${messageOf(error)} (hint: ${hint})`;
}
