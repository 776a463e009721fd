/** A terminal in an instance's container, in the place of the log. */
import { SquareTerminal, X } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { keySequence } from '../../reading/terminal-keys.ts';
import { safeText } from '../../reading/safe-text.ts';
import {
  type ExecTerminal,
  openTerminal,
  type Screen,
  type TerminalSize,
} from '../../store/exec-terminal.ts';

const NOTHING: Screen = { rows: [], over: null };
const LEAST = 10;

interface TerminalPanelProps {
  instance: string;
  onClose: () => void;
}

/** The panel; what runs in it ends with it. */
export function TerminalPanel({ instance, onClose }: TerminalPanelProps): ReactNode {
  const [command, setCommand] = useState('sh');
  const [screen, setScreen] = useState<Screen>(NOTHING);
  const [runs, setRuns] = useState(false);
  const terminal = useRef<ExecTerminal | null>(null);
  const box = useRef<HTMLPreElement>(null);
  const measure = useRef<HTMLElement>(null);
  const keys = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    const observer = new ResizeObserver(() => terminal.current?.resize(sizeOf(box.current, measure.current)));
    if (box.current) observer.observe(box.current);
    return () => {
      observer.disconnect();
      terminal.current?.end();
    };
  }, []);
  useLayoutEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [screen]);

  const open = (): void => {
    terminal.current?.end();
    setScreen(NOTHING);
    setRuns(true);
    const words = command.trim().split(/\s+/);
    terminal.current = openTerminal(instance, words, sizeOf(box.current, measure.current), setScreen);
    keys.current?.focus();
  };
  const take = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }): void => {
    terminal.current?.type(currentTarget.value.replaceAll('\n', '\r'));
    currentTarget.value = '';
  };
  return (
    <section className="log-panel" aria-label="Terminal">
      <form
        className="log-bar"
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <h3>Terminal in {instance}</h3>
        <input
          className="field mono"
          aria-label="Command, its words parted by spaces"
          spellCheck={false}
          value={command}
          autoFocus
          onChange={(event) => setCommand(event.target.value)}
        />
        <button type="submit" className="btn s" disabled={command.trim() === ''}>
          <SquareTerminal size={12} /> {runs ? 'Run anew' : 'Run'}
        </button>
        <span className="sub">Shift Tab leaves it</span>
        <span className="grow" />
        <button type="button" className="icon-btn" aria-label="Close the terminal" onClick={onClose}>
          <X size={14} />
        </button>
      </form>
      {screen.over === null ? null : (
        <p className={`strip ${screen.over.tone}`} role={screen.over.tone === 'deny' ? 'alert' : 'status'}>
          {safeText(screen.over.words, 600)}
        </p>
      )}
      <div
        className="log-box terminal"
        onClick={() => window.getSelection()?.isCollapsed && keys.current?.focus()}
      >
        <textarea
          ref={keys}
          className="hidden"
          aria-label={`Keys for the terminal in ${instance}; Shift Tab leaves it`}
          autoCapitalize="off"
          autoComplete="off"
          spellCheck={false}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            const bytes = keySequence(event, terminal.current?.cursorKeys() ?? 'normal');
            if (bytes === null) return;
            event.preventDefault();
            event.stopPropagation();
            terminal.current?.type(bytes);
          }}
          onInput={(event) => {
            if (!(event.nativeEvent as InputEvent).isComposing) take(event);
          }}
          onCompositionEnd={take}
          onPaste={(event) => {
            event.preventDefault();
            terminal.current?.paste(event.clipboardData.getData('text'));
          }}
        />
        <pre ref={box} className="code screen" role="region" aria-label={`Screen of ${instance}`}>
          <i ref={measure} className="measure" aria-hidden="true">
            0000000000
          </i>
          {screen.rows.map((row, y) => (
            // A row has no name but its place.
            <span key={y} dir="ltr">
              {row.map(({ text, className, color, background }, place) => (
                <b
                  key={place}
                  className={className}
                  style={{ color: color ?? undefined, backgroundColor: background ?? undefined }}
                >
                  {text}
                </b>
              ))}
            </span>
          ))}
        </pre>
      </div>
    </section>
  );
}

/** How many characters fit. */
function sizeOf(box: HTMLElement | null, ten: HTMLElement | null): TerminalSize {
  const { width, height } = ten?.getBoundingClientRect() ?? { width: 0, height: 0 };
  if (!box || width === 0 || height === 0) return { columns: 80, rows: 24 };
  const style = getComputedStyle(box);
  const inside =
    box.clientHeight - Number.parseFloat(style.paddingTop) - Number.parseFloat(style.paddingBottom);
  const across =
    box.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
  return {
    columns: Math.max(LEAST, Math.floor(across / (width / 10))),
    rows: Math.max(2, Math.floor(inside / height)),
  };
}
