/** The newest denials of some edges; each leads to its decision. */
import type { ReactNode } from 'react';
import type { TrafficEvent } from '../../../model/traffic-event.ts';
import { Hostile } from '../../components/hostile.tsx';
import { Section } from '../../components/inspector.tsx';
import { Tag } from '../../components/tag.tsx';
import { asked, verdictWords } from '../../reading/event-words.ts';
import { clockTime } from '../../reading/format.ts';
import { goTo } from '../../store/selection.ts';

/** The section. */
export function Denials({ events }: { events: readonly TrafficEvent[] }): ReactNode {
  const newest = [...events].sort((a, b) => b.id - a.id).slice(0, 6);
  return (
    <Section title="Recent denials">
      {newest.length === 0 ? <p className="sub">None in this recording.</p> : null}
      <ul className="denial-list">
        {newest.map((event) => {
          const { tone, word } = verdictWords(event.decision);
          return (
            <li key={event.id}>
              <button type="button" onClick={() => goTo('traffic', { event: String(event.id) })}>
                <span className="num">{clockTime(event.at)}</span>
                <span className="cut">
                  <Hostile text={asked(event)} cap={80} />
                </span>
                <Tag tone={tone}>{word}</Tag>
              </button>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
