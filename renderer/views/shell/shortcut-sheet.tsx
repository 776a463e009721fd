/** The `?` sheet: every command that has a key, and what the keyboard does in every list. */
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Command } from '../../commands/command.ts';
import { showPanel, usePanels } from '../../commands/panels.ts';
import { KeyCaps } from '../../components/key-caps.tsx';

const IN_LISTS: readonly [string, string][] = [
  ['ArrowUp ArrowDown', 'Row by row'],
  ['PageUp PageDown', 'By pages'],
  ['Home End', 'First, last'],
  ['Enter', 'Open or run'],
  ['Escape', 'Clear the selection'],
];

/** The dialog. */
export function ShortcutSheet({ commands }: { commands: readonly Command[] }): ReactNode {
  const open = usePanels((state) => state.open === 'shortcuts');
  const withKeys = commands.filter((command) => command.keys);
  const groups = [...new Set(withKeys.map((command) => command.group))];
  return (
    <Dialog.Root open={open} onOpenChange={(next) => showPanel(next ? 'shortcuts' : 'none')}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="sheet">
          <header className="head">
            <Dialog.Title className="head-text">Keyboard shortcuts</Dialog.Title>
            <Dialog.Close className="icon-btn" aria-label="Close">
              <X size={14} />
            </Dialog.Close>
          </header>
          <div className="sheet-groups">
            {groups.map((group) => (
              <section key={group}>
                <h3>{group}</h3>
                {withKeys
                  .filter((command) => command.group === group)
                  .map((command) => (
                    <div key={command.id} className="sheet-row">
                      <span>{command.title}</span>
                      <KeyCaps keys={command.keys} />
                    </div>
                  ))}
              </section>
            ))}
            <section>
              <h3>In every list</h3>
              {IN_LISTS.map(([keys, title]) => (
                <div key={keys} className="sheet-row">
                  <span>{title}</span>
                  <KeyCaps keys={keys} />
                </div>
              ))}
            </section>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
