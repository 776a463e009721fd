/** The top bar: which mesh, how it is, the palette, and the two things one comes for. */
import { Menu } from '@base-ui/react/menu';
import { Lock, LockOpen, Monitor, Moon, Play, Search, Sun, Upload } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { Mark } from '../../components/icons.tsx';
import type { Command } from '../../commands/command.ts';
import { showPanel } from '../../commands/panels.ts';
import { strictTally, upTally } from '../../reading/tally.ts';
import { goTo } from '../../store/selection.ts';
import { chooseTheme, type ThemeChoice, useTheme } from '../../store/theme.ts';
import { useWindow } from '../../store/window-store.ts';

const MAC = navigator.userAgent.includes('Mac');

function UpPill({ session }: { session: SessionState }): ReactNode {
  const { up, all, health } = upTally(session.workloads);
  return (
    <span className="pill" title={session.progress ?? `${up} of ${all} services are ready`}>
      <span className={`health ${health}`} role="img" aria-label={health} />
      <b>
        {up} of {all}
      </b>
      up · {session.runtime}
    </span>
  );
}

function MtlsPill({ session }: { session: SessionState }): ReactNode {
  const { strict, all } = strictTally(session.workloads);
  // A closed lock on nothing at all would be praise.
  if (all === 0) return null;
  const Icon = strict === all ? Lock : LockOpen;
  return (
    <span
      className="pill"
      title={
        strict === all ? 'Every port of every service takes mutual TLS only' : 'Some ports take plaintext too'
      }
    >
      <Icon size={11} className={strict === all ? 'lock closed' : 'lock open'} aria-hidden="true" />
      mTLS <b>STRICT</b> on {strict} of {all}
    </span>
  );
}

const THEMES: readonly [ThemeChoice, string, typeof Sun][] = [
  ['system', 'As the system', Monitor],
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
];

function ThemeMenu(): ReactNode {
  const { choice, theme } = useTheme();
  const Icon = theme === 'dark' ? Moon : Sun;
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-btn" aria-label="Theme" title="Theme">
        <Icon size={15} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end">
          <Menu.Popup className="menu">
            <Menu.RadioGroup value={choice} onValueChange={(value: ThemeChoice) => chooseTheme(value)}>
              {THEMES.map(([value, title, Each]) => (
                <Menu.RadioItem key={value} value={value} className="menu-item">
                  <Menu.RadioItemIndicator className="menu-check" keepMounted>
                    ✓
                  </Menu.RadioItemIndicator>
                  <Each size={13} /> {title}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

/** The bar. */
export function Bar({
  session,
  commands,
}: {
  session: SessionState | null;
  commands: readonly Command[];
}): ReactNode {
  const running = useWindow((state) => state.run.status === 'running');
  const run = commands.find((command) => command.id === 'rehearse');
  return (
    <header className="bar">
      <div className="brand">
        <Mark />
        Greenroom
      </div>
      {session ? (
        <>
          <div className="crumb">
            <b>{session.mesh}</b> / {session.trustDomain}
          </div>
          <UpPill session={session} />
          <MtlsPill session={session} />
        </>
      ) : null}
      <div className="grow" />
      <button type="button" className="search open-palette" onClick={() => showPanel('palette')}>
        <Search size={13} aria-hidden="true" /> Search or run a command
        <span className="grow" />
        <kbd>{MAC ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      <ThemeMenu />
      <button type="button" className="btn" onClick={() => goTo('export')}>
        <Upload size={13} /> Export…
      </button>
      <button
        type="button"
        className="btn go"
        disabled={running || !session}
        onClick={() => run?.run()}
        title="Rehearse every scenario (R)"
      >
        <Play size={13} /> {running ? 'Rehearsing…' : 'Rehearse'} <kbd className="on-accent">R</kbd>
      </button>
    </header>
  );
}
