/** The desktop app's guards, with Electron's objects handed in: no binary is needed to know that they hold. */
import type { IpcMainEvent, WebFrameMain } from 'electron';
import { describe, expect, it } from 'vitest';
import { acceptFrame, denyPermissions, externalLink, isOwnPage, keepAtHome } from '../../electron/harden.ts';
import { pinnedNode } from '../../electron/pinned-node.ts';
import { MAX_FRAME_CHARACTERS, windowOptions } from '../../electron/window-options.ts';

describe('links that leave the window', () => {
  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://host/share',
    'https://user:secret@example.test/',
    'not a link',
    '',
  ])('refuses %s', (url) => {
    expect(externalLink(url)).toBeNull();
  });

  it('lets http and https out', () => {
    expect(externalLink('https://istio.io/latest/docs/')).toBe('https://istio.io/latest/docs/');
    expect(externalLink('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080/');
  });

  it.each(['greenroom://app.evil.test/', 'greenroom://application/', 'https://app/', 'about:blank'])(
    'does not take %s for its own page',
    (url) => {
      expect(isOwnPage(url)).toBe(false);
    },
  );
});

describe('the page', () => {
  it('cannot open windows, leave its origin or attach a webview', () => {
    const handlers = new Map<string, (event: { url?: string; preventDefault: () => void }) => void>();
    let open: ((details: { url: string }) => { action: string }) | null = null;
    const opened: string[] = [];
    keepAtHome(
      {
        on: ((name: string, handler: never) => handlers.set(name, handler)) as never,
        setWindowOpenHandler: ((handler: never) => (open = handler)) as never,
      },
      (url) => opened.push(url),
    );
    expect(open!({ url: 'https://istio.io/' })).toEqual({ action: 'deny' });
    expect(open!({ url: 'file:///etc/passwd' })).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://istio.io/']);
    const prevented: string[] = [];
    for (const url of ['https://evil.test/', 'greenroom://app/other'])
      handlers.get('will-navigate')?.({ url, preventDefault: () => prevented.push(url) });
    handlers.get('will-attach-webview')?.({ preventDefault: () => prevented.push('webview') });
    expect(prevented).toEqual(['https://evil.test/', 'webview']);
  });

  it('is denied every permission, asked or checked', () => {
    const answers: boolean[] = [];
    denyPermissions({
      setPermissionRequestHandler: ((
        handler: (a: unknown, b: unknown, answer: (yes: boolean) => void) => void,
      ) => handler(null, 'media', (yes) => answers.push(yes))) as never,
      setPermissionCheckHandler: ((handler: () => boolean) => answers.push(handler())) as never,
      setDevicePermissionHandler: ((handler: () => boolean) => answers.push(handler())) as never,
    });
    expect(answers).toEqual([false, false, false]);
  });

  it('is sandboxed, isolated and without Node', () => {
    expect(windowOptions('/preload.cjs').webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
  });
});

describe('frames to the mesh', () => {
  const frame = (url: string): WebFrameMain => ({ url }) as WebFrameMain;
  const event = (
    sender: WebFrameMain | null,
    main: WebFrameMain | null,
  ): Pick<IpcMainEvent, 'senderFrame' | 'sender'> =>
    ({ senderFrame: sender, sender: { mainFrame: main } }) as unknown as Pick<
      IpcMainEvent,
      'senderFrame' | 'sender'
    >;
  const own = frame('greenroom://app/');

  it('are refused from another frame, another origin, a frame that is gone, or when they are no text', () => {
    const foreign = frame('https://evil.test/');
    expect(acceptFrame(event(frame('greenroom://app/'), own), '{}')).toBeNull();
    expect(acceptFrame(event(foreign, foreign), '{}')).toBeNull();
    expect(acceptFrame(event(null, own), '{}')).toBeNull();
    expect(acceptFrame(event(own, own), { t: 'q' })).toBeNull();
    expect(acceptFrame(event(own, own), 'x'.repeat(MAX_FRAME_CHARACTERS + 1))).toBeNull();
  });

  it('are taken from the main frame of the own page', () => {
    expect(acceptFrame(event(own, own), '{"t":"q"}')).toBe('{"t":"q"}');
  });
});

describe('the Node that runs the mesh', () => {
  it('is never guessed: an unknown system or a missing package gives none', () => {
    expect(pinnedNode('sunos', 'x64', ['/'])).toBeNull();
    expect(pinnedNode('linux', 'x64', ['/nowhere'])).toBeNull();
  });
});
