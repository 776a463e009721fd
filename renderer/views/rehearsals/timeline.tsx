/** The steps of a scenario on a line: previous, play, next, and any of them by a click. */
import { Pause, Play, StepBack, StepForward } from 'lucide-react';
import { Fragment, type ReactNode, useEffect, useRef } from 'react';
import { SIGN_OF } from '../../components/sign-of.ts';
import { stopwatch } from '../../reading/format.ts';
import { type Frame, verdictTone } from '../../reading/replay.ts';
import { safeText } from '../../reading/safe-text.ts';

interface TimelineProps {
  frames: readonly Frame[];
  at: number;
  playing: boolean;
  onGo: (index: number) => void;
  onPlay: () => void;
  totalMs: number;
}

const PHASES = { steadyState: 'steady state', steps: '', cleanup: 'cleanup' } as const;

/** The strip below the picture. */
export function Timeline({ frames, at, playing, onGo, onPlay, totalMs }: TimelineProps): ReactNode {
  const current = frames[at]?.step;
  const stop = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // In braces: newer browsers return a promise of it, which is no clean-up.
    stop.current?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [at, frames]);
  return (
    <div className="timeline" role="group" aria-label="Replay">
      <div className="transport">
        <button
          type="button"
          className="icon-btn"
          onClick={() => onGo(at - 1)}
          disabled={at <= 0}
          aria-label="Previous step"
          title="Previous step (←)"
        >
          <StepBack size={14} />
        </button>
        <button
          type="button"
          className="icon-btn"
          onClick={onPlay}
          aria-label={playing ? 'Pause the replay' : 'Play the replay'}
          title="Play or pause (Space)"
        >
          {playing ? <Pause size={14} /> : <Play size={14} />}
        </button>
        <button
          type="button"
          className="icon-btn"
          onClick={() => onGo(at + 1)}
          disabled={at >= frames.length - 1}
          aria-label="Next step"
          title="Next step (→)"
        >
          <StepForward size={14} />
        </button>
      </div>
      <ol className="steps">
        {frames.map((frame, index) => {
          const tone = verdictTone(frame.step.verdict);
          const label = PHASES[frame.step.phase];
          return (
            <Fragment key={`${frame.index}`}>
              {index > 0 ? <li className={index <= at ? 'bar passed' : 'bar'} aria-hidden="true" /> : null}
              <li className="stop" ref={index === at ? stop : undefined}>
                <button
                  type="button"
                  aria-current={index === at ? 'step' : undefined}
                  onClick={() => onGo(index)}
                  title={`${frame.step.id}: ${frame.step.verdict}`}
                >
                  <span className={`stop-sign ${tone}`}>
                    {index + 1}
                    <i aria-hidden="true">{SIGN_OF[tone]}</i>
                  </span>
                  <span className="stop-label">
                    {label ? `${label} · ` : ''}
                    {safeText(frame.step.sent, 48)}
                  </span>
                </button>
              </li>
            </Fragment>
          );
        })}
      </ol>
      <span className="sub num clock">
        {stopwatch(current ? current.startedMs + current.durationMs : 0)} / {stopwatch(totalMs)}
      </span>
    </div>
  );
}
