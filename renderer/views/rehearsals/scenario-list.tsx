/** The scenarios with what became of them, and how far a running rehearsal is. */
import { Play } from 'lucide-react';
import type { ReactNode } from 'react';
import { Sign, Tag } from '../../components/tag.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { duration, plural } from '../../reading/format.ts';
import { headline, verdictTone } from '../../reading/replay.ts';
import { rehearse } from '../../store/actions.ts';
import type { ScenarioSummary } from '../../store/contract.ts';
import { useWindow } from '../../store/window-store.ts';

interface ScenarioListProps {
  scenarios: readonly ScenarioSummary[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}

function Totals({ scenarios }: { scenarios: readonly ScenarioSummary[] }): ReactNode {
  const reports = useWindow((state) => state.reports);
  const verdicts = scenarios.map((one) => reports.get(one.id)).filter((one) => one !== undefined);
  const total = useWindow((state) => state.lastRun?.durationMs);
  const number = (test: (one: (typeof verdicts)[number]) => boolean): number => verdicts.filter(test).length;
  const holes = number(
    (one) => one.verdict === 'passed' && one.outcome !== null && one.outcome !== 'blocked',
  );
  const passed = number((one) => one.verdict === 'passed');
  const rows = [
    ['allow', passed, 'passed'],
    ['deny', number((one) => one.verdict === 'failed'), 'failed'],
    ['warn', number((one) => one.verdict === 'errored'), 'errored'],
    ['quiet', number((one) => one.verdict === 'skipped'), 'skipped'],
    ['warn', holes, holes === 1 ? 'known hole' : 'known holes'],
  ] as const;
  return (
    <div className="totals">
      {rows.map(([tone, value, word]) =>
        value > 0 ? (
          <Tag key={word} tone={tone}>
            {value} {word}
          </Tag>
        ) : null,
      )}
      {total === undefined ? null : <span className="sub num">{duration(total)}</span>}
      {verdicts.length === 0 ? <span className="sub">Not rehearsed in this session.</span> : null}
    </div>
  );
}

function Outcome({ scenario }: { scenario: ScenarioSummary }): ReactNode {
  const report = useWindow((state) => state.reports.get(scenario.id));
  const running = useWindow(
    (state) =>
      state.run.status === 'running' &&
      state.run.asked.includes(scenario.id) &&
      !state.run.finished.has(scenario.id),
  );
  const steps = useWindow((state) => state.run.steps.get(scenario.id)?.length ?? 0);
  if (scenario.problems.some((problem) => problem.severity === 'error'))
    return <Sign tone="deny" label="the file has problems" />;
  if (running)
    return (
      <span
        className={`ring ${steps > 0 ? 'turning' : ''}`}
        role="img"
        aria-label={steps > 0 ? `running, ${plural(steps, 'step')} done` : 'waiting'}
      />
    );
  if (!report) return <Sign tone="quiet" label="not run" />;
  const { words, tone } = headline(report);
  return (
    <Sign
      tone={report.verdict === 'passed' ? tone : verdictTone(report.verdict)}
      label={`${report.verdict}: ${words}`}
    />
  );
}

function Took({ id }: { id: string }): ReactNode {
  const took = useWindow((state) => state.reports.get(id)?.durationMs);
  return <span className="sub num took">{took === undefined ? '' : duration(took)}</span>;
}

/** Rows of attacks.md are named like `M7`; that is the tag a reader looks for. */
function attackOf(scenario: ScenarioSummary): string {
  return [...scenario.references, ...scenario.tags].find((one) => /^[A-Z]{1,2}\d{1,2}$/.test(one)) ?? '';
}

/** The left column. */
export function ScenarioList({ scenarios, selected, onSelect }: ScenarioListProps): ReactNode {
  const running = useWindow((state) => state.run.status === 'running');
  const ids = scenarios.map((one) => one.id);
  const keys = useListKeys({
    length: scenarios.length,
    at: ids.indexOf(selected ?? ''),
    move: (index) => onSelect(ids[index] ?? ''),
    open: () => void rehearse(selected ? [selected] : [], ids),
  });
  return (
    <div className="list-column">
      <header className="list-head">
        <h2>Rehearsal</h2>
        <span className="sub">{plural(scenarios.length, 'scenario')}</span>
        <span className="grow" />
        <button type="button" className="btn s" disabled={running} onClick={() => void rehearse([], ids)}>
          <Play size={11} /> {running ? 'Running…' : 'Run all'}
        </button>
      </header>
      <Totals scenarios={scenarios} />
      <div
        className="scroll options"
        role="listbox"
        aria-label="Scenarios"
        tabIndex={0}
        aria-activedescendant={selected ? `scenario-${selected}` : undefined}
        onKeyDown={keys}
      >
        {scenarios.map((one) => (
          <div
            key={one.id}
            id={`scenario-${one.id}`}
            role="option"
            aria-selected={one.id === selected}
            className={one.id === selected ? 'option on' : 'option'}
            onClick={() => onSelect(one.id)}
          >
            <Outcome scenario={one} />
            <span className="cut" title={one.title}>
              {one.title}
            </span>
            <span className="sub">{attackOf(one)}</span>
            <Took id={one.id} />
          </div>
        ))}
      </div>
    </div>
  );
}
