/** What is known about one pair: its minute, its identities, which rules let it through, what was denied. */
import type { ReactNode } from 'react';
import { lockWords } from '../../components/graph/lock.tsx';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Tag } from '../../components/tag.tsx';
import { ruleName } from '../../reading/event-words.ts';
import { count, span } from '../../reading/format.ts';
import { workloadNamed } from '../../reading/graph.ts';
import { type EdgeReading, readEdge } from '../../store/edge-window.ts';
import type { EdgeStats } from '../../store/edges.ts';
import { goTo } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { projectPath } from '../../reading/policy-place.ts';
import { safeText } from '../../reading/safe-text.ts';
import { usePolicyFiles } from '../../store/host-data.ts';
import { Denials } from './denials.tsx';
import { Minute } from './minute.tsx';

function LockTag({ reading }: { reading: EdgeReading }): ReactNode {
  const tones = { closed: 'allow', open: 'warn', ring: 'warn', none: 'quiet' } as const;
  const words = { closed: 'mTLS', open: 'partial mTLS', ring: 'plaintext', none: 'no request' };
  return (
    <span title={lockWords(reading)}>
      <Tag tone={tones[reading.lock]}>{words[reading.lock]}</Tag>
    </span>
  );
}

function Identity({ edge, now }: { edge: EdgeStats; now: number }): ReactNode {
  const session = useWindow((state) => state.session);
  const event = edge.lastMutual;
  const server = session ? workloadNamed(session, edge.to) : undefined;
  const tls = event?.tls;
  const protocol = tls
    ? [tls.version?.replace('TLSv', 'TLS '), tls.cipher, tls.alpn ? `ALPN ${tls.alpn}` : null]
    : [];
  return (
    <Section title="Identity">
      <Facts
        of={[
          ['client', <code key="c">{safeText(event?.from.spiffeId ?? 'none verified')}</code>],
          ['server', <code key="s">{event?.to.spiffeId ?? server?.spiffeId ?? 'unknown'}</code>],
          ['protocol', protocol.filter(Boolean).join(' · ') || 'no mutual handshake yet'],
          [
            'certificate',
            server?.certificate
              ? `renews in ${span(server.certificate.renewAt - now - (session?.clockOffsetMs ?? 0))}`
              : null,
          ],
        ]}
      />
    </Section>
  );
}

function Rules({ edge }: { edge: EdgeStats }): ReactNode {
  const files = usePolicyFiles();
  const known = files.status === 'ready' ? files.value : [];
  const rules = [...edge.rules.values()].sort((a, b) => b.hits - a.hits);
  const allowed = edge.total - edge.denied;
  return (
    <Section title="Who lets it through">
      {rules.length === 0 ? (
        <p className="sub">{allowed > 0 ? 'No policy: allowed by default.' : 'Nothing lets it through.'}</p>
      ) : null}
      {rules.map(({ ref, hits }) => (
        <dl className="kv" key={`${ref.at.file}:${ref.at.line}`}>
          <div className="kv-row">
            <dt>{ref.action}</dt>
            <dd>
              <b>{ruleName(ref)}</b>
              <button
                type="button"
                className="link place"
                onClick={() => goTo('policies', { file: ref.at.file, line: String(ref.at.line) })}
              >
                {safeText(projectPath(known, ref.at.file))}:{ref.at.line}
              </button>
            </dd>
          </div>
          <div className="kv-row">
            <dt>hits</dt>
            <dd>
              {count(hits)} of {count(edge.total)}
            </dd>
          </div>
        </dl>
      ))}
    </Section>
  );
}

/** The inspector of an edge. */
export function EdgeInspector({
  edge,
  now,
  onClose,
}: {
  edge: EdgeStats;
  now: number;
  onClose: () => void;
}): ReactNode {
  return (
    <Inspector
      title={`${edge.from} → ${edge.to}`}
      aside={
        <>
          <LockTag reading={readEdge(edge, now)} />
          <button
            type="button"
            className="btn s"
            onClick={() => goTo('traffic', { filter: `from:"${edge.from}" to:"${edge.to}"` })}
          >
            Requests
          </button>
        </>
      }
      onClose={onClose}
    >
      <Minute edges={[edge]} now={now} />
      <Identity edge={edge} now={now} />
      <Rules edge={edge} />
      <Denials events={edge.denials} />
    </Inspector>
  );
}
