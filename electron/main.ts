/**
 * The desktop app: one window on one mesh. It opens a project, asks before it runs anything of it, starts the mesh
 * in its own Node process and carries frames between page and mesh. Everything else is host/ and renderer/.
 */
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain, Menu, protocol, session, shell } from 'electron';
import { WINDOW_HEADERS, windowFile, windowFolder } from '../host/window-files.ts';
import { acceptFrame, denyPermissions, keepAtHome } from './harden.ts';
import { menuTemplate } from './menu.ts';
import { startMeshChild, type MeshChild } from './mesh-child.ts';
import { pinnedNode } from './pinned-node.ts';
import { APP_ORIGIN, FRAME_CHANNEL, windowOptions } from './window-options.ts';

protocol.registerSchemesAsPrivileged([{ scheme: 'greenroom', privileges: { standard: true, secure: true } }]);

const here = fileURLToPath(new URL('.', import.meta.url));
/** The same folder as a plain Node can read it: outside of the archive, which only Electron looks into. */
const outside = here.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`);
let mesh: MeshChild | null = null;
let window: BrowserWindow | null = null;

async function chooseProject(): Promise<string | null> {
  const chosen = await dialog.showOpenDialog({
    title: 'Open a Greenroom project',
    properties: ['openDirectory'],
  });
  return chosen.filePaths[0] ?? null;
}

/** A project's services are programs of whoever wrote it: nothing of it runs unasked. */
async function trusts(project: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'warning',
    message: 'Start the services of this project?',
    detail: `${project}\n\nGreenroom will run the commands in its greenroom.yaml on this machine. Do it only for projects you trust.`,
    buttons: ['Start', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}

async function open(project: string): Promise<void> {
  const node = pinnedNode(process.platform, process.arch, [join(outside, '..', '..', 'node_modules')]);
  if (node === null) {
    dialog.showErrorBox(
      'Greenroom',
      'The Node that runs the mesh is not installed beside the app. Install Greenroom again.',
    );
    return;
  }
  await mesh?.stop();
  const started = startMeshChild(node, join(outside, '..', 'host', 'mesh-process.js'), project);
  mesh = started;
  started.onMessage((text) => window?.webContents.send(FRAME_CHANNEL, text));
  started.onExit((code, words) => {
    if (mesh !== started || code === 0) return;
    mesh = null;
    dialog.showErrorBox('The mesh stopped', words || `exit code ${code}`);
  });
  window?.reload();
}

async function askAndOpen(project: string | null): Promise<void> {
  if (project !== null && (await trusts(project))) await open(project);
}

async function createWindow(): Promise<void> {
  const folder = windowFolder();
  protocol.handle('greenroom', async (request) => {
    const url = new URL(request.url);
    const file =
      url.host === 'app' && request.method === 'GET' ? await windowFile(folder, url.pathname) : null;
    if (file === null) return new Response('No such file.', { status: 404 });
    return new Response(new Uint8Array(file.body), {
      headers: { ...WINDOW_HEADERS, 'content-type': file.type },
    });
  });
  denyPermissions(session.defaultSession);
  window = new BrowserWindow(windowOptions(join(here, 'preload.cjs')));
  keepAtHome(window.webContents, (url) => void shell.openExternal(url));
  window.webContents.on('render-process-gone', () => window?.reload());
  window.once('ready-to-show', () => window?.show());
  window.once('closed', () => {
    window = null;
  });
  ipcMain.on(FRAME_CHANNEL, (event, payload: unknown) => {
    const text = acceptFrame(event, payload);
    if (text !== null) mesh?.send(text);
  });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(menuTemplate(process.platform, () => void chooseProject().then(askAndOpen))),
  );
  await window.loadURL(`${APP_ORIGIN}/`);
}

if (app.requestSingleInstanceLock()) {
  let stopping = false;
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (stopping || mesh === null) return;
    // The window closes when nothing of ours runs any more.
    event.preventDefault();
    stopping = true;
    void mesh.stop().finally(() => app.quit());
  });
  void app.whenReady().then(async () => {
    await createWindow();
    await askAndOpen(
      process.argv.slice(app.isPackaged ? 1 : 2).find((word) => !word.startsWith('-')) ??
        (await chooseProject()),
    );
  });
} else {
  app.quit();
}
