/** How the window is made: sandboxed, isolated, no Node in the page. One value, so that a test can hold it. */
import type { BrowserWindowConstructorOptions } from 'electron';

/** The page's origin; a scheme of our own, so that neither file:// nor http:// is ever its neighbour. */
export const APP_ORIGIN = 'greenroom://app';

/** Channel of text frames between page and mesh. */
export const FRAME_CHANNEL = 'greenroom:frame';

/** A frame larger than this isn't the bridge's. */
export const MAX_FRAME_CHARACTERS = 4 * 1024 * 1024;

/** Options of the one window. */
export function windowOptions(preload: string): BrowserWindowConstructorOptions {
  return {
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Greenroom',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  };
}
