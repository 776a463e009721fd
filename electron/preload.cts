/**
 * All that the page gets of Electron: text frames to the mesh and back. Two named functions, no channel names, no
 * event objects. CommonJS, because a sandboxed preload can be nothing else.
 */
const { contextBridge, ipcRenderer } = require('electron') as typeof import('electron');

contextBridge.exposeInMainWorld('greenroom', {
  send: (text: unknown): void => {
    if (typeof text === 'string') ipcRenderer.send('greenroom:frame', text);
  },
  onMessage: (sink: unknown): void => {
    if (typeof sink !== 'function') return;
    ipcRenderer.on('greenroom:frame', (_event, text: unknown) => {
      if (typeof text === 'string') sink(text);
    });
  },
});
