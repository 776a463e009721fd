/**
 * A decision, explained from the top: the sentence, what a security engineer must know besides, the trail, the nearest
 * rule, and the lines of the user's own YAML. Traffic and rehearsals show the same.
 */
import type { ReactNode } from 'react';
import type {
  ClauseResult,
  Decision,
  Explanation,
  Finding,
  RuleRef,
  RuleTrail,
} from '../../model/decision.ts';
import { reasonWords, ruleName, shortField, verdictWords, withoutShared } from '../reading/event-words.ts';
import { fileAt } from '../reading/policy-place.ts';
import { safeText } from '../reading/safe-text.ts';
import { usePolicyFiles } from '../store/host-data.ts';
import { goTo } from '../store/selection.ts';
import { CodeLines } from './code-lines.tsx';
import { Section } from './inspector.tsx';
import { Sign } from './tag.tsx';

interface WhyProps {
  decision: Decision;
  explanation: Explanation | null;
  findings: readonly Finding[];
}

const OUTCOMES = { passed: 'allow', denied: 'deny', skipped: 'quiet' } as const;

const PHASES: Readonly<Record<string, string>> = {
  mtls: 'mTLS',
  jwt: 'JWT',
  deny: 'DENY',
  allow: 'ALLOW',
  audit: 'AUDIT',
  custom: 'CUSTOM',
};

/** The whole explanation. */
export function Why({ decision, explanation, findings }: WhyProps): ReactNode {
  const { tone } = verdictWords(decision);
  const nearest = decision.verdict === 'deny' ? (explanation?.nearest ?? null) : null;
  const rule = decision.matched ?? nearest?.ref ?? null;
  const missed = nearest?.clauses.filter((clause) => !clause.matched) ?? [];
  return (
    <>
      <Section>
        <div className={`say ${tone}`}>{sentence(decision, explanation)}</div>
        {findings.map((finding) => (
          <FindingNote key={`${finding.code}${finding.message}`} finding={finding} />
        ))}
      </Section>
      {explanation && explanation.trail.length > 0 ? <Trail explanation={explanation} /> : null}
      {nearest && nearest.clauses.length > 0 ? <NearestRule trail={nearest} /> : null}
      {rule ? (
        <PolicyLines
          rule={rule}
          marked={missed.map((one) => one.at.line)}
          denied={decision.verdict === 'deny'}
        />
      ) : null}
    </>
  );
}

function sentence(decision: Decision, explanation: Explanation | null): ReactNode {
  const said = explanation?.sentence ?? fallback(decision);
  // A word may begin a sentence; a policy's name stays as it is written.
  const text = /^[a-z]+ /.test(said) ? said.charAt(0).toUpperCase() + said.slice(1) : said;
  const stop = text.indexOf('. ');
  if (stop < 0) return <b>{safeText(text, 1_000)}</b>;
  return (
    <>
      <b>{safeText(text.slice(0, stop + 1), 1_000)}</b> {safeText(text.slice(stop + 2), 1_000)}
    </>
  );
}

function fallback(decision: Decision): string {
  if (decision.verdict === 'deny') return `Denied: ${reasonWords(decision.reason)}.`;
  if (decision.matched) return `Allowed by ${ruleName(decision.matched)}.`;
  return `Allowed: ${reasonWords(decision.reason)}.`;
}

/** A true thing that stands beside the verdict. */
export function FindingNote({ finding }: { finding: Finding }): ReactNode {
  return (
    <div className="say warn">
      <b>
        ! {finding.code}
        {finding.attack ? ` · ${finding.attack}` : ''}
      </b>
      <div>{safeText(finding.message, 1_000)}</div>
      <div className="remedy">
        <b>Way to close it</b> {safeText(finding.remedy, 1_000)}
      </div>
    </div>
  );
}

function Trail({ explanation }: { explanation: Explanation }): ReactNode {
  return (
    <Section title="Decision">
      <ol className="trail">
        {explanation.trail.map((entry) => (
          <li key={entry.phase}>
            <Sign tone={OUTCOMES[entry.outcome]} label={entry.outcome} />
            <b className={entry.outcome}>{PHASES[entry.phase] ?? entry.phase}</b>{' '}
            <span className="sub">{safeText(entry.note)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function shown(clause: ClauseResult): [string, string] {
  const [only = ''] = clause.wanted;
  return clause.wanted.length === 1
    ? withoutShared(only, clause.got ?? '')
    : [clause.wanted.join(', '), clause.got ?? ''];
}

function NearestRule({ trail }: { trail: RuleTrail }): ReactNode {
  return (
    <Section title={`Nearest rule · ${ruleName(trail.ref)}`}>
      <table className="clauses">
        <thead>
          <tr>
            <th>clause</th>
            <th>wanted</th>
            <th>got</th>
          </tr>
        </thead>
        <tbody>
          {trail.clauses.map((clause) => (
            <tr key={`${clause.field}${clause.at.line}`} className={clause.matched ? undefined : 'missed'}>
              <td>
                {clause.matched ? '✓' : '✕'} {safeText(shortField(clause.field))}
              </td>
              <td title={safeText(clause.wanted.join(', '))}>{safeText(shown(clause)[0])}</td>
              <td>
                {clause.got === null ? <span className="sub">nothing</span> : safeText(shown(clause)[1])}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function PolicyLines({
  rule,
  marked,
  denied,
}: {
  rule: RuleRef;
  marked: readonly number[];
  denied: boolean;
}): ReactNode {
  const files = usePolicyFiles();
  const { file, line } = rule.at;
  const known = files.status === 'ready' ? files.value : [];
  const found = fileAt(known, file);
  const path = found?.path ?? file;
  const lines = marked.length > 0 ? marked : [line];
  return (
    <Section
      title={
        <button
          type="button"
          className="link"
          onClick={() => goTo('policies', { file: path, line: String(line) })}
        >
          {safeText(path)}:{line}
        </button>
      }
    >
      {found ? (
        <CodeLines
          text={found.text}
          from={Math.max(1, Math.min(...lines) - 3)}
          to={Math.max(...lines) + 3}
          marked={lines}
          indent="cut"
          tone={denied ? 'deny' : 'allow'}
          label={`${file}, lines around ${lines.join(', ')}`}
        />
      ) : (
        <p className="sub">
          {files.status === 'loading' ? 'Reading the file…' : 'The file is not among the policies any more.'}
        </p>
      )}
    </Section>
  );
}
