/** What the host refused: as an error on this side of the line, and in the words in which the window tells it. */
import { EnvironmentError } from '../../model/environment-error.ts';

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
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof EnvironmentError ? error.hint : null;
  return hint === null ? error.message : `${error.message} (hint: ${hint})`;
}
