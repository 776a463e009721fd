import { describe, expect, it } from 'vitest';
import { Asking } from '../../../../mesh/runtimes/docker/asking.ts';
import { NoAnswerInTime } from '../../../../mesh/runtimes/docker/ping.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const late = new NoAnswerInTime(10_000, null);

describe('an engine that leaves a ping waiting', () => {
  it('is away where it answered nothing else meanwhile', async () => {
    const asking = new Asking();
    await asking.answer('list containers', Promise.resolve([]));
    expect(await asking.silence(() => Promise.reject(late))).toBe('no answer within 10 s');
  });

  it('is away where what was asked meanwhile found nobody there', async () => {
    const asking = new Asking();
    const ping = async (): Promise<void> => {
      await asking.answer('list containers', Promise.reject(refused)).catch(() => undefined);
      throw late;
    };
    expect(await asking.silence(ping)).toBe('no answer within 10 s');
  });

  it('is there where it answered or refused something else meanwhile', async () => {
    for (const answer of [
      () => Promise.resolve([]),
      () => Promise.reject(Object.assign(new Error('no such container'), { statusCode: 404 })),
    ]) {
      const asking = new Asking();
      const ping = async (): Promise<void> => {
        await asking.answer('list containers', answer()).catch(() => undefined);
        throw late;
      };
      expect(await asking.silence(ping)).toBeNull();
    }
  });

  it('is away where nobody takes the ping, whatever it answered before', async () => {
    const asking = new Asking();
    const ping = async (): Promise<void> => {
      await asking.answer('list containers', Promise.resolve([]));
      throw refused;
    };
    expect(await asking.silence(ping)).toBe('nobody listens at its address (ECONNREFUSED)');
  });
});
