/** The one store of the window: the reducer's state, fed by the connection. Views read it with `useWindow`. */
import { create } from 'zustand';
import { type Connection, connect } from './connect.ts';
import { showImages } from './image-tasks.ts';
import { INITIAL, type Message, reduce, type WindowState } from './reduce.ts';

export const useWindow = create<WindowState>(() => INITIAL);

/** Applies one message. */
export function dispatch(message: Message): void {
  useWindow.setState((state) => reduce(state, message), true);
}

let connection: Connection | null = null;

/** Connects this window to its host; called once. */
export function startWindow(): void {
  if (connection) return;
  useWindow.subscribe(({ session }, before) => {
    if (session !== before.session)
      showImages(
        session?.id === before.session?.id ? (before.session?.images ?? []) : [],
        session?.images ?? [],
      );
  });
  connection = connect({ dispatch, lastId: () => useWindow.getState().log.lastId });
}

/** The line to the host. */
export function line(): Connection {
  if (!connection) throw new Error('the window is not started');
  return connection;
}
