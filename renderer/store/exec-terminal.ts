/** A command at a terminal in an instance's container: xterm's emulator without a screen, fed by the host. */
import { Terminal } from '@xterm/headless';
import { type Run, rowRuns } from '../reading/terminal-rows.ts';
import { errorWords } from './host-error.ts';
import { line } from './window-store.ts';

const SCROLLBACK = 500;
/** Redrawn so often at most. */
const FRAME_MS = 30;

export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface Screen {
  rows: readonly (readonly Run[])[];
  /** Why it is over; null = it runs. */
  over: { tone: 'quiet' | 'deny'; words: string } | null;
}

export interface ExecTerminal {
  type(text: string): void;
  /** As one piece, which a program can tell from typing. */
  paste(text: string): void;
  resize(size: TerminalSize): void;
  cursorKeys(): 'normal' | 'application';
  end(): void;
}

function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Runs `command` and draws what it shows until it ends or `end` is called. */
export function openTerminal(
  instance: string,
  command: string[],
  size: TerminalSize,
  draw: (screen: Screen) => void,
): ExecTerminal {
  const terminal = new Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
  });
  let id: string | null = null;
  let unsent = '';
  let over: Screen['over'] = null;
  let ended = false;
  let frame: ReturnType<typeof setTimeout> | undefined;

  const redraw = (): void => {
    if (ended) return;
    frame ??= setTimeout(() => {
      frame = undefined;
      const { active } = terminal.buffer;
      const cursorRow = over === null ? active.baseY + active.cursorY : -1;
      const rows = Array.from({ length: active.length }, (_, y) => {
        const row = active.getLine(y);
        return row ? rowRuns(row, y === cursorRow ? active.cursorX : null) : [];
      });
      draw({ rows, over });
    }, FRAME_MS);
  };
  const fail = (error: unknown): void => {
    over ??= { tone: 'deny', words: errorWords(error) };
    redraw();
  };
  const send = (text: string): void => {
    if (over !== null || ended) return;
    if (id === null) unsent += text;
    else line().host().execInput(id, base64Of(text)).catch(fail);
  };
  const run = async (): Promise<void> => {
    const host = line().host();
    id = await host.execStart(instance, {
      command,
      terminal: { columns: terminal.cols, rows: terminal.rows },
    });
    if (ended) return await host.execEnd(id);
    if (unsent !== '') send(unsent);
    while (!ended) {
      const { chunks, exitCode } = await host.execOutput(id);
      for (const { base64 } of chunks)
        await new Promise<void>((resolve) =>
          terminal.write(
            Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)),
            resolve,
          ),
        );
      if (exitCode !== null) {
        over = { tone: exitCode === 0 ? 'quiet' : 'deny', words: `It ended with ${exitCode}.` };
        redraw();
        return;
      }
      redraw();
    }
  };
  // What the emulator answers: where the cursor is, what it can.
  terminal.onData(send);
  run().catch(fail);
  return {
    type: send,
    paste: (text) => {
      const lines = text.replace(/\r?\n/g, '\r').replaceAll('\x1b', '');
      send(terminal.modes.bracketedPasteMode ? `\x1b[200~${lines}\x1b[201~` : lines);
    },
    resize: ({ columns, rows }) => {
      if (columns === terminal.cols && rows === terminal.rows) return;
      terminal.resize(columns, rows);
      if (id !== null && over === null) line().host().execResize(id, { columns, rows }).catch(fail);
      redraw();
    },
    cursorKeys: () => (terminal.modes.applicationCursorKeysMode ? 'application' : 'normal'),
    end: () => {
      ended = true;
      clearTimeout(frame);
      terminal.dispose();
      if (id === null) return;
      try {
        line()
          .host()
          .execEnd(id)
          .catch(() => undefined);
      } catch {
        // The line is down: the host ends what nobody asks about.
      }
    },
  };
}
