/** A finished scenario, played on the topology: each step travels its hop and ends where the mesh let it end. */
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import type { ScenarioReport } from '../../../model/rehearsal-report.ts';
import type { SessionState } from '../../../model/session-state.ts';
import { useLocalCommands } from '../../commands/local-commands.ts';
import { TopologyGraph } from '../../components/graph/topology-graph.tsx';
import { Tag } from '../../components/tag.tsx';
import { replayGraph } from '../../reading/replay-graph.ts';
import { type Frame, framesOf, headline } from '../../reading/replay.ts';
import { safeText } from '../../reading/safe-text.ts';
import { useWindow } from '../../store/window-store.ts';
import { StepInspector } from './step-inspector.tsx';
import { Timeline } from './timeline.tsx';

const FRAME_MS = 1_500;

interface ReplayProps {
  session: SessionState;
  report: ScenarioReport;
  step: number;
  onStep: (index: number) => void;
}

/** Advances while playing; stops at the last frame. */
function usePlaying(
  length: number,
  at: number,
  onStep: (index: number) => void,
): { playing: boolean; toggle: () => void; round: number } {
  const [playing, setPlaying] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => {
      if (at >= length - 1) setPlaying(false);
      else onStep(at + 1);
    }, FRAME_MS);
    return () => clearTimeout(timer);
  }, [playing, at, length, onStep]);
  const toggle = useCallback(() => {
    if (!playing) {
      setRound((one) => one + 1);
      if (at >= length - 1) onStep(0);
    }
    setPlaying(!playing);
  }, [playing, at, length, onStep]);
  return { playing, toggle, round };
}

function Picture({
  session,
  frames,
  frame,
  round,
}: {
  session: SessionState;
  frames: readonly Frame[];
  frame: Frame | undefined;
  round: number;
}): ReactNode {
  const edges = useWindow((state) => state.edges);
  // The pairs that talk, not their numbers: a replay stands still beside live traffic.
  const pairs = [...edges.values()]
    .filter((edge) => edge.total > edge.denied)
    .map((edge) => edge.id)
    .join('|');
  const graph = useMemo(() => replayGraph(session, edges, frames), [session, pairs, frames]);
  const hop = useMemo(
    () => (frame?.hop ? { hop: frame.hop, key: `${frame.index} ${round}` } : null),
    [frame, round],
  );
  return <TopologyGraph graph={graph} picked={NOTHING} onPick={ignore} hop={hop} quiet="no-numbers" />;
}

const NOTHING = {};
const ignore = (): void => undefined;

/** Picture, timeline and the step's inspector. */
export function Replay({ session, report, step, onStep }: ReplayProps): ReactNode {
  const frames = useMemo(() => framesOf(report), [report]);
  const at = Math.max(0, Math.min(frames.length - 1, step));
  const go = useCallback(
    (index: number) => onStep(Math.max(0, Math.min(frames.length - 1, index))),
    [frames.length, onStep],
  );
  const { playing, toggle, round } = usePlaying(frames.length, at, go);
  const commands = useMemo(
    () => [
      {
        id: 'replay-prev',
        title: 'Previous step',
        group: 'Replay' as const,
        keys: 'ArrowLeft',
        run: () => go(at - 1),
      },
      {
        id: 'replay-next',
        title: 'Next step',
        group: 'Replay' as const,
        keys: 'ArrowRight',
        run: () => go(at + 1),
      },
      {
        id: 'replay-play',
        title: 'Play or pause the replay',
        group: 'Replay' as const,
        keys: 'Space',
        run: toggle,
      },
    ],
    [go, at, toggle],
  );
  useLocalCommands(commands);
  const { tone, words } = headline(report);
  const frame = frames[at];
  return (
    <>
      <div className="column">
        <header className="head">
          <div className="head-text">
            <h2>{safeText(report.title, 120)}</h2>
            <div className="sub">
              {[`${report.at.file}:${report.at.line}`, report.severity, ...report.references]
                .map((one) => safeText(one, 80))
                .join(' · ')}
            </div>
          </div>
          <Tag tone={tone}>{words}</Tag>
        </header>
        {report.message && frames.length === 0 ? (
          <div className="strip warn">! {safeText(report.message, 400)}</div>
        ) : null}
        <div className="stage">
          <Picture session={session} frames={frames} frame={frame} round={round} />
        </div>
        <Timeline
          frames={frames}
          at={at}
          playing={playing}
          onGo={go}
          onPlay={toggle}
          totalMs={report.durationMs}
        />
      </div>
      {frame ? (
        <StepInspector report={report} step={frame.step} file={report.at.file} />
      ) : (
        <aside className="side" />
      )}
    </>
  );
}
