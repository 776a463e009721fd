/** Logs for a reader that follows them: an answer waits until there is something to tell. */
import type { Session } from '../mesh/session.ts';
import type { LogLine, LogPage, LogQuery } from '../model/service-log.ts';

/** Lines come in bursts: the first is waited for, and those right behind it come along. */
const BURST_MS = 50;

/** The page, at once when it holds anything, otherwise as soon as it does or after `waitMs`. */
export async function readLogs(
  session: Pick<Session, 'logs' | 'onLog'>,
  query: LogQuery,
  waitMs: number,
): Promise<LogPage> {
  const first = session.logs(query);
  if (waitMs === 0 || query.after === undefined || first.lines.length > 0 || first.cutOff.length > 0)
    return first;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      stop();
      clearTimeout(late);
      resolve();
    };
    const late = setTimeout(end, waitMs).unref();
    const stop = session.onLog((line) => {
      if (!isAsked(line, query)) return;
      stop();
      clearTimeout(late);
      setTimeout(resolve, BURST_MS).unref();
    });
  });
  return session.logs(query);
}

function isAsked({ instance, text }: LogLine, { instances, search = '' }: LogQuery): boolean {
  return (instances?.includes(instance) ?? true) && text.toLowerCase().includes(search.toLowerCase());
}
