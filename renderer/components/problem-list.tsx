/** Problems of files, each with its place and the way out. */
import type { ReactNode } from 'react';
import type { Problem } from '../../model/problem.ts';
import type { Tone } from '../reading/event-words.ts';
import { safeText } from '../reading/safe-text.ts';
import { Sign } from './tag.tsx';

const TONES: Record<Problem['severity'], Tone> = { error: 'deny', warning: 'warn', notice: 'info' };

/** The list. */
export function ProblemList({ problems }: { problems: readonly Problem[] }): ReactNode {
  return (
    <ul className="problems">
      {problems.map((problem, index) => (
        <li key={`${index}${problem.code}`}>
          <Sign tone={TONES[problem.severity]} label={problem.severity} />
          <div>
            <span>{safeText(problem.message, 600)}</span>
            {problem.hint ? <div className="sub">{safeText(problem.hint, 600)}</div> : null}
            <div className="sub mono">
              {problem.at ? `${safeText(problem.at.file, 200)}:${problem.at.line} · ` : ''}
              {problem.code}
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}
