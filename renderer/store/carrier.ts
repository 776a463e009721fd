/**
 * The two roads to a host: a WebSocket of our own origin (`greenroom serve`), or what Electron's preload exposes.
 * Both carry text frames and nothing else.
 */
export interface Carrier {
  send(text: string): void;
  onMessage(sink: (text: string) => void): void;
  onClose(sink: () => void): void;
  close(): void;
}

/** What the preload puts on `window`, and no more. */
export interface PreloadBridge {
  send(text: string): void;
  onMessage(sink: (text: string) => void): void;
  /** Told when the mesh's process is gone. */
  onClose?(sink: () => void): void;
}

declare global {
  interface Window {
    greenroom?: PreloadBridge;
  }
}

/** The WebSocket beside this page; the cookie that the page was served with opens it. */
export function socketUrl(location: Pick<Location, 'protocol' | 'host' | 'pathname'>): string {
  const folder = location.pathname.replace(/[^/]*$/, '');
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${folder}ws`;
}

function openSocket(): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl(window.location));
    socket.addEventListener('error', () => reject(new Error('the host does not answer')), { once: true });
    socket.addEventListener(
      'open',
      () =>
        resolve({
          send: (text) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(text);
          },
          onMessage: (sink) =>
            socket.addEventListener('message', (message) => {
              if (typeof message.data === 'string') sink(message.data);
            }),
          onClose: (sink) => socket.addEventListener('close', sink, { once: true }),
          close: () => socket.close(),
        }),
      { once: true },
    );
  });
}

/** Opens whichever road this page has. */
export async function openCarrier(): Promise<Carrier> {
  const preload = window.greenroom;
  if (!preload) return await openSocket();
  return {
    send: (text) => preload.send(text),
    onMessage: (sink) => preload.onMessage(sink),
    onClose: (sink) => preload.onClose?.(sink),
    close: () => undefined,
  };
}
