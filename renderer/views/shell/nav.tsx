/** The seven views, each with its number. */
import { Keyboard } from 'lucide-react';
import type { ReactNode } from 'react';
import { VIEW_ICONS } from '../../components/icons.tsx';
import { showPanel } from '../../commands/panels.ts';
import { VIEW_TITLES } from '../../commands/registry.ts';
import { count } from '../../reading/format.ts';
import { usePolicyFiles, useScenarios } from '../../store/host-data.ts';
import { usePlace, type ViewName } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

interface Badge {
  text: string;
  bad?: true;
}

function useBadges(): Partial<Record<ViewName, Badge>> {
  const session = useWindow((state) => state.session);
  const reports = useWindow((state) => state.reports);
  const files = usePolicyFiles();
  const scenarios = useScenarios();
  const verdicts = [...reports.values()].map((one) => one.verdict);
  const failed = verdicts.filter((one) => one === 'failed').length;
  const errored = verdicts.filter((one) => one === 'errored').length;
  const all = scenarios.status === 'ready' ? String(scenarios.value.length) : '';
  const refused = session?.problems.some((one) => one.severity === 'error') ?? false;
  return {
    traffic: { text: session ? count(session.recording.events) : '' },
    rehearsals:
      failed > 0
        ? { text: `${failed} failed`, bad: true }
        : { text: errored > 0 ? `${errored} errored` : all },
    policies: refused
      ? { text: 'refused', bad: true }
      : { text: files.status === 'ready' ? String(files.value.length) : '' },
    identities: { text: session ? String(session.workloads.length) : '' },
    services: { text: session ? String(session.workloads.length) : '' },
  };
}

/** The navigation. */
export function Nav(): ReactNode {
  const { view } = usePlace();
  const badges = useBadges();
  return (
    <nav aria-label="Views">
      {VIEW_TITLES.map(([name, title], index) => {
        const Icon = VIEW_ICONS[name];
        const badge = badges[name];
        return (
          <a
            key={name}
            href={`#/${name}`}
            className={name === view ? 'on' : ''}
            aria-current={name === view ? 'page' : undefined}
            title={`${title} (${index + 1})`}
          >
            <Icon size={16} strokeWidth={1.6} aria-hidden="true" />
            {title}
            {badge?.text ? <span className={badge.bad ? 'n bad' : 'n'}>{badge.text}</span> : null}
          </a>
        );
      })}
      <div className="grow" />
      <hr />
      <button type="button" onClick={() => showPanel('shortcuts')} title="Keyboard shortcuts (?)">
        <Keyboard size={16} strokeWidth={1.6} aria-hidden="true" />
        Shortcuts
        <kbd className="n">?</kbd>
      </button>
    </nav>
  );
}
