/** The command palette: every command, found by any of its words. */
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Command } from '../../commands/command.ts';
import { showPanel, usePanels } from '../../commands/panels.ts';
import { findCommands } from '../../commands/shortcuts.ts';
import { KeyCaps } from '../../components/key-caps.tsx';

const MOST = 60;

function Results({
  found,
  at,
  onPick,
}: {
  found: readonly Command[];
  at: number;
  onPick: (command: Command) => void;
}): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  if (found.length === 0) return <p className="palette-none sub">No command has these words.</p>;
  return (
    <div ref={list} id="palette-list" role="listbox" aria-label="Commands" className="palette-list">
      {found.map((command, index) => (
        <div
          key={command.id}
          id={`command-${command.id}`}
          role="option"
          aria-selected={index === at}
          className={index === at ? 'palette-item on' : 'palette-item'}
          onClick={() => onPick(command)}
        >
          <span className="sub palette-group">{command.group}</span>
          <span className="cut">{command.title}</span>
          <KeyCaps keys={command.keys} />
        </div>
      ))}
    </div>
  );
}

function Box({ commands }: { commands: readonly Command[] }): ReactNode {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  // The dialog gives the focus with the next frame, after it has noted whom to give it back to; keys come sooner.
  useEffect(() => queueMicrotask(() => input.current?.focus()), []);
  const found = findCommands(
    commands.filter((one) => one.id !== 'palette'),
    text,
  ).slice(0, MOST);
  const pick = (command: Command): void => {
    showPanel('none');
    // The panel has to give the focus back before a command may take it.
    setTimeout(command.run);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = found[at];
    if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    else if (event.key === 'Enter' && chosen) pick(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <label className="palette-box">
        <Search size={15} aria-hidden="true" />
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[at] ? `command-${found[at].id}` : undefined}
          aria-label="Search or run a command"
          placeholder="Search or run a command"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </label>
      <Results found={found} at={at} onPick={pick} />
    </>
  );
}

/** The dialog. */
export function Palette({ commands }: { commands: readonly Command[] }): ReactNode {
  const open = usePanels((state) => state.open === 'palette');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => showPanel(next ? 'palette' : 'none')}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette">
          <Dialog.Title className="hidden">Commands</Dialog.Title>
          <Box commands={commands} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
