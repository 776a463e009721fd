/** Rehearsals: the scenarios of the project, their verdicts, and the replay of the selected one. */
import { Play, TriangleAlert } from 'lucide-react';
import { type ReactNode, useCallback, useMemo } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { useLocalCommands } from '../../commands/local-commands.ts';
import { Loading, Notice } from '../../components/notice.tsx';
import { ProblemList } from '../../components/problem-list.tsx';
import { plural } from '../../reading/format.ts';
import { openingFrame } from '../../reading/replay.ts';
import { rehearse } from '../../store/actions.ts';
import type { ScenarioSummary } from '../../store/contract.ts';
import { useScenarios } from '../../store/host-data.ts';
import { select, usePlace } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { Replay } from './replay.tsx';
import { ScenarioList } from './scenario-list.tsx';

function Unrun({ scenario }: { scenario: ScenarioSummary }): ReactNode {
  const running = useWindow(
    (state) => state.run.status === 'running' && state.run.asked.includes(scenario.id),
  );
  const steps = useWindow((state) => state.run.steps.get(scenario.id));
  const bad = scenario.problems.some((problem) => problem.severity === 'error');
  if (bad) {
    return (
      <div className="column">
        <Notice icon={TriangleAlert} title="This file can’t be run" tone="deny">
          {scenario.file}:{scenario.line} has problems; nothing of it is run until they are solved.
          <ProblemList problems={scenario.problems} />
        </Notice>
      </div>
    );
  }
  if (running) {
    return (
      <div className="column">
        <Notice
          icon={Play}
          title={steps ? `Step ${steps.length} of ${scenario.steps}` : 'Waiting for its turn'}
        >
          {steps?.at(-1)?.sent ?? scenario.title}
        </Notice>
      </div>
    );
  }
  return (
    <div className="column">
      <Notice
        icon={Play}
        title="Not run yet"
        action={{ label: 'Run this scenario', run: () => void rehearse([scenario.id], [scenario.id]) }}
      >
        {scenario.title}. {plural(scenario.steps, 'step')}, written at {scenario.file}:{scenario.line}.
      </Notice>
    </div>
  );
}

function Middle({ session, scenario }: { session: SessionState; scenario: ScenarioSummary }): ReactNode {
  const { params } = usePlace();
  const report = useWindow((state) => state.reports.get(scenario.id));
  const onStep = useCallback((index: number) => select({ step: String(index) }), []);
  if (!report) return <Unrun scenario={scenario} />;
  const step = params['step'] === undefined ? openingFrame(report) : Number(params['step']);
  return <Replay key={scenario.id} session={session} report={report} step={step} onStep={onStep} />;
}

/** The view. */
export function RehearsalsView({ session }: { session: SessionState }): ReactNode {
  const scenarios = useScenarios();
  const { params } = usePlace();
  const reports = useWindow((state) => state.reports);
  const onSelect = useCallback((scenario: string) => select({ scenario, step: '' }), []);
  const list = scenarios.status === 'ready' ? scenarios.value : null;
  const wrong = list?.find((one) => reports.get(one.id)?.verdict === 'failed');
  const selected = list?.find((one) => one.id === params['scenario']) ?? wrong ?? list?.[0];
  const commands = useMemo(
    () => [
      {
        id: 'rehearse-one',
        title: 'Run the selected scenario',
        group: 'Rehearse' as const,
        keys: 'mod+Enter',
        run: () => (selected ? void rehearse([selected.id], [selected.id]) : undefined),
      },
    ],
    [selected],
  );
  useLocalCommands(commands);
  if (scenarios.status === 'loading') return <Loading what="the scenarios" />;
  if (scenarios.status === 'failed') {
    return (
      <Notice icon={TriangleAlert} title="The scenarios can’t be read" tone="deny">
        {scenarios.error}
      </Notice>
    );
  }
  if (!selected) {
    return (
      <Notice icon={Play} title="No scenario yet">
        Put a <code>*.scenario.yaml</code> into a folder that <code>spec.scenarios</code> of greenroom.yaml
        names.
      </Notice>
    );
  }
  return (
    <div className="view three">
      <ScenarioList scenarios={scenarios.value} selected={selected.id} onSelect={onSelect} />
      <Middle session={session} scenario={selected} />
    </div>
  );
}
