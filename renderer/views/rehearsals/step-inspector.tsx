/** One step of a finished scenario: what was claimed, what was seen, by whom, and what would close the hole. */
import type { ReactNode } from 'react';
import type { ScenarioReport, StepReport } from '../../../model/rehearsal-report.ts';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Hostile } from '../../components/hostile.tsx';
import { Tag } from '../../components/tag.tsx';
import { FindingNote, Why } from '../../components/why.tsx';
import { duration } from '../../reading/format.ts';
import { verdictTone } from '../../reading/replay.ts';
import { safeText } from '../../reading/safe-text.ts';
import { rehearse } from '../../store/actions.ts';
import { goTo } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

function Assertions({ step }: { step: StepReport }): ReactNode {
  if (step.assertions.length === 0) return null;
  return (
    <Section title="What was claimed">
      <table className="clauses">
        <thead>
          <tr>
            <th>claim</th>
            <th>wanted</th>
            <th>got</th>
          </tr>
        </thead>
        <tbody>
          {step.assertions.map((one) => (
            <tr key={`${one.what}${one.at.line}`} className={one.passed ? undefined : 'missed'}>
              <td>
                {one.passed ? '✓' : '✕'} {safeText(one.what)}
              </td>
              <td>{safeText(one.wanted)}</td>
              <td>{safeText(one.got, 160)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Witness({ step }: { step: StepReport }): ReactNode {
  const { witness } = step;
  if (!witness) return null;
  const who = witness.kind === 'echo' ? 'the service itself (echo)' : 'the service’s log';
  return (
    <Section title="Witness">
      <Facts
        of={[
          ['who', who],
          [
            'control',
            witness.controlSeen
              ? '✓ a marked request was seen'
              : '! the marked request was not seen: silence proves nothing',
          ],
          ['this step', witness.arrived ? 'arrived at the service' : 'nothing arrived at the service'],
        ]}
      />
    </Section>
  );
}

function Message({ step }: { step: StepReport }): ReactNode {
  if (!step.message) return null;
  return (
    <Section>
      <div className={`say ${verdictTone(step.verdict)}`}>
        <b>{safeText(step.message, 600)}</b>
      </div>
    </Section>
  );
}

/** The inspector of a step. */
export function StepInspector({
  report,
  step,
  file,
}: {
  report: ScenarioReport;
  step: StepReport;
  file: string;
}): ReactNode {
  const running = useWindow((state) => state.run.status === 'running');
  const own = step.decision ? [] : step.findings;
  return (
    <Inspector
      title={safeText(step.id, 60)}
      sub={
        <>
          <Hostile text={step.sent} cap={120} />
        </>
      }
      aside={
        <>
          <Tag tone={verdictTone(step.verdict)}>{step.verdict}</Tag>
          <button
            type="button"
            className="btn s"
            disabled={running}
            onClick={() => void rehearse([report.id], [report.id])}
          >
            Re-run
          </button>
        </>
      }
    >
      <Message step={step} />
      <Assertions step={step} />
      {own.map((finding) => (
        <Section key={finding.message}>
          <FindingNote finding={finding} />
        </Section>
      ))}
      {step.decision ? (
        <Why decision={step.decision} explanation={step.explanation} findings={step.findings} />
      ) : null}
      <Witness step={step} />
      <Section title="On the wire">
        <Facts
          of={[
            ['from', step.from ?? 'an attacker outside the mesh'],
            ['to', step.to],
            ['took', duration(step.durationMs)],
            ['written at', <code key="w">{`${safeText(step.at.file)}:${step.at.line}`}</code>],
          ]}
        />
        <div className="buttons">
          {step.events.map((id) => (
            <button
              key={id}
              type="button"
              className="btn s"
              onClick={() => goTo('traffic', { event: String(id), hide: 'nothing' })}
            >
              Event {id}
            </button>
          ))}
        </div>
      </Section>
      <Section title="Reproduce">
        <pre className="code">
          <span>greenroom rehearse {safeText(file, 200)}</span>
        </pre>
      </Section>
    </Inspector>
  );
}
