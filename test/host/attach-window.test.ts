import { describe, expect, it } from 'vitest';
import { attachWindow } from '../../host/attach-window.ts';
import { createFakeHost } from '../support/fake-host.ts';

interface Frame {
  t: string;
  i?: string;
  m?: string;
  r?: unknown;
  e?: unknown;
}

/** The window's end of a carrier, frame by frame. */
function carrierOf(host = createFakeHost()): {
  host: typeof host;
  call: (method: string, ...args: unknown[]) => Promise<Frame>;
  deliver: (text: string) => void;
  sent: Frame[];
  detach: () => void;
} {
  let deliver: (text: string) => void = () => undefined;
  const sent: Frame[] = [];
  let arrived: () => void = () => undefined;
  const detach = attachWindow(host, {
    send: (text) => {
      sent.push(JSON.parse(text) as Frame);
      arrived();
    },
    onMessage: (sink) => {
      deliver = sink;
    },
  });
  let ids = 0;
  return {
    host,
    sent,
    detach,
    deliver: (text) => deliver(text),
    call: async (method, ...args) => {
      const id = `call-${(ids += 1)}`;
      const answer = new Promise<Frame>((resolve) => {
        arrived = () => {
          const frame = sent.find((one) => one.i === id);
          if (frame) resolve(frame);
        };
      });
      deliver(JSON.stringify({ t: 'q', i: id, m: method, a: args }));
      return await answer;
    },
  };
}

describe('a window', () => {
  it.each([
    ['traffic', { limit: 1_000_000 }],
    ['traffic', { limit: 10, extra: true }],
    ['rehearse', 'all'],
    ['scale', 'orders', 101],
    ['scale', 'orders', 1.5],
    ['exportPreview', 'cilium'],
    ['event', 'one'],
    ['state', 'unasked'],
  ])(
    'is refused %s with arguments that do not fit, and the host never sees the call',
    async (method, ...args) => {
      const { host, call, detach } = carrierOf();
      const answer = await call(method, ...args);
      expect(answer.e).toBeDefined();
      expect(host.calls).toEqual([]);
      detach();
    },
  );

  it.each(['constructor', '__proto__', 'toString', 'onNotice', 'close'])(
    'is refused the method %s, which the contract does not name',
    async (method) => {
      const { host, call, detach } = carrierOf();
      expect((await call(method)).e).toBeDefined();
      expect(host.calls).toEqual([]);
      detach();
    },
  );

  it('survives a frame that is not JSON', async () => {
    const { call, deliver, detach } = carrierOf();
    deliver('{not json');
    expect((await call('state')).r).toBe('state');
    detach();
  });

  it('is told notices until it is detached', async () => {
    const { host, sent, detach } = carrierOf();
    host.tell({ name: 'eventsRecorded', args: [[]] });
    await Promise.resolve();
    expect(sent.map((frame) => frame.m)).toEqual(['eventsRecorded']);
    detach();
    host.tell({ name: 'eventsRecorded', args: [[]] });
    await Promise.resolve();
    expect(sent).toHaveLength(1);
  });
});
