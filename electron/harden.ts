/**
 * What a page showing captured traffic must never be able to do: go elsewhere, open windows, ask for permissions,
 * or speak to us from another frame. Electron's objects are handed in, so that all of it is tested without Electron.
 */
import type { IpcMainEvent, Session, WebContents } from 'electron';
import { APP_ORIGIN, MAX_FRAME_CHARACTERS } from './window-options.ts';

/** A link for the system's browser: http and https only, never a file, a script or a custom scheme. */
export function externalLink(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
    ? url.href
    : null;
}

/** Whether a page address is ours. */
export function isOwnPage(text: string): boolean {
  return text === APP_ORIGIN || text.startsWith(`${APP_ORIGIN}/`);
}

/** Denies every permission, also those that a later Electron adds. */
export function denyPermissions(
  session: Pick<
    Session,
    'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
  >,
): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

/** Keeps the page where it is; links go to the system's browser. */
export function keepAtHome(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  openExternal: (url: string) => void,
): void {
  contents.setWindowOpenHandler(({ url }) => {
    const link = externalLink(url);
    if (link !== null) openExternal(link);
    return { action: 'deny' };
  });
  contents.on('will-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** The text of a frame, if it comes from the main frame of our own page and is of sane size; else null. */
export function acceptFrame(
  event: Pick<IpcMainEvent, 'senderFrame' | 'sender'>,
  payload: unknown,
): string | null {
  const frame = event.senderFrame;
  if (frame === null || frame !== event.sender.mainFrame || !isOwnPage(frame.url)) return null;
  return typeof payload === 'string' && payload.length <= MAX_FRAME_CHARACTERS ? payload : null;
}
