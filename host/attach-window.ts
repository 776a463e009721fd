/**
 * One window on one host, over any carrier of text frames. Calls are parsed before they run; notices flow until the
 * carrier closes. What a window is told goes through JSON, so nothing but data crosses.
 */
import { createBirpc } from 'birpc';
import type { HostApi, WindowApi } from '../bridge/contract.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Host } from './host.ts';
import type { Notice } from './notice.ts';
import { RPC_ARGUMENTS } from './rpc-arguments.ts';

export interface Carrier {
  send(text: string): void;
  onMessage(sink: (text: string) => void): void;
}

function isMethod(name: string): name is keyof HostApi {
  return Object.hasOwn(RPC_ARGUMENTS, name);
}

/** JSON makes nothing of an Error: what a person is told, and the stable code, cross by hand. */
function withErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message } = value;
  if (value instanceof EnvironmentError)
    return { name, message, code: value.code, hint: value.hint, lines: value.lines };
  return { name, message, ...('code' in value ? { code: value.code } : {}) };
}

/**
 * Serves `host` to the window behind `carrier`.
 * @returns detaches: no notice is sent after it
 */
export function attachWindow(host: Host, carrier: Carrier): () => void {
  const rpc = createBirpc<WindowApi, HostApi>(host.api, {
    post: (text: string) => carrier.send(text),
    on: (sink) => carrier.onMessage(sink),
    serialize: (value) => JSON.stringify(value, withErrors),
    deserialize: (text: string) => JSON.parse(text) as unknown,
    resolver: (name, resolved) => {
      if (!isMethod(name)) return undefined;
      return async (...args: unknown[]) => {
        const parsed = RPC_ARGUMENTS[name].safeParse(args);
        if (!parsed.success) throw new Error(`${name}: arguments do not fit the contract`);
        return await resolved(...parsed.data);
      };
    },
    // A frame that isn't JSON, or an answer nobody waits for: the carrier's fault, never the host's.
    onGeneralError: () => true,
    timeout: 3_600_000,
  });
  const stop = host.onNotice((notice) => {
    void notify(rpc, notice).catch(() => undefined);
  });
  return () => {
    stop();
    rpc.$close();
  };
}

type Window = ReturnType<typeof createBirpc<WindowApi, HostApi>>;

async function notify(rpc: Window, notice: Notice): Promise<void> {
  switch (notice.name) {
    case 'stateChanged':
      return await rpc.stateChanged.asEvent(...notice.args);
    case 'eventsRecorded':
      return await rpc.eventsRecorded.asEvent(...notice.args);
    case 'stepFinished':
      return await rpc.stepFinished.asEvent(...notice.args);
    case 'scenarioFinished':
      return await rpc.scenarioFinished.asEvent(...notice.args);
  }
}
