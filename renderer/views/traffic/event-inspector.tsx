/** One request, from its verdict down to its headers. Everything in it that came off the wire is shown as text. */
import type { ReactNode } from 'react';
import { bytesWords } from '../../../model/bytes-words.ts';
import type { HeaderList } from '../../../model/request-facts.ts';
import type { PeerRef, TlsFacts, TrafficEvent } from '../../../model/traffic-event.ts';
import { Hostile } from '../../components/hostile.tsx';
import { Facts, Inspector, Section } from '../../components/inspector.tsx';
import { Tag } from '../../components/tag.tsx';
import { Why } from '../../components/why.tsx';
import { asked, peerName, phases, verdictWords } from '../../reading/event-words.ts';
import { duration, preciseTime, span } from '../../reading/format.ts';
import { safeText } from '../../reading/safe-text.ts';
import { eventAt, indexFrom } from '../../store/event-log.ts';
import { useExplanation } from '../../store/host-data.ts';
import { select } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';

const MOST_HEADERS = 60;
const NEAR = 400;

function peerLine(peer: PeerRef): string {
  const parts = [
    peer.spiffeId ?? 'no verified identity',
    peer.port === null ? peer.ip : `${peer.ip}:${peer.port}`,
  ];
  return parts.filter(Boolean).join(' · ');
}

function Tls({ tls, title, now }: { tls: TlsFacts; title: string; now: number }): ReactNode {
  const { peer } = tls;
  const protocol = [
    tls.version?.replace('TLSv', 'TLS ') ?? 'no handshake',
    tls.cipher,
    tls.resumed ? 'resumed' : null,
  ];
  return (
    <Section title={title}>
      <Facts
        of={[
          ['protocol', protocol.filter(Boolean).join(' · ')],
          ['ALPN', tls.alpn ? <Hostile text={tls.alpn} cap={80} /> : 'none'],
          ['SNI', tls.sni ? <Hostile text={tls.sni} cap={120} /> : 'none'],
          [
            'peer',
            peer ? <Hostile text={peer.uriSans.join(', ') || peer.subject} cap={300} /> : 'no certificate',
          ],
          ['issuer', peer ? <Hostile text={peer.issuer} cap={160} /> : null],
          ['key', peer ? `${peer.keyType} ${peer.keyBits}` : null],
          [
            'validity',
            peer
              ? peer.notAfter > now
                ? `${span(peer.notAfter - now)} left`
                : `expired ${span(now - peer.notAfter)} ago`
              : null,
          ],
          ['sha-256', peer ? <Hostile text={peer.fingerprint} cap={80} /> : null],
        ]}
      />
    </Section>
  );
}

function Headers({ title, headers }: { title: string; headers: HeaderList }): ReactNode {
  if (headers.length === 0) return null;
  return (
    <Section title={title}>
      <table className="headers">
        <tbody>
          {headers.slice(0, MOST_HEADERS).map(([name, value], index) => (
            <tr key={`${index}${name}`}>
              <th scope="row">{safeText(name, 80)}</th>
              <td>{safeText(value, 300)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {headers.length > MOST_HEADERS ? (
        <p className="sub">{headers.length - MOST_HEADERS} more are not shown.</p>
      ) : null}
    </Section>
  );
}

/** The same call as the other sidecar saw it. */
function useOtherSide(event: TrafficEvent): TrafficEvent | null {
  return useWindow((state) => {
    if (event.requestId === null) return null;
    const middle = indexFrom(state.log, event.id);
    for (
      let index = Math.max(0, middle - NEAR);
      index < Math.min(state.log.length, middle + NEAR);
      index += 1
    ) {
      const other = eventAt(state.log, index);
      if (
        other &&
        other.requestId === event.requestId &&
        other.direction !== event.direction &&
        other.to.workload === event.to.workload
      )
        return other;
    }
    return null;
  });
}

function BothSides({ event, other }: { event: TrafficEvent; other: TrafficEvent }): ReactNode {
  return (
    <div>
      {duration(other.durationMs)}{' '}
      <button
        type="button"
        className="link"
        onClick={() => select({ event: String(other.id), hide: 'nothing' })}
      >
        at the {other.direction === 'outbound' ? 'caller’s' : 'callee’s'} sidecar
      </button>
      , {duration(Math.abs(other.durationMs - event.durationMs))} between the two
    </div>
  );
}

function Message({ event }: { event: TrafficEvent }): ReactNode {
  const other = useOtherSide(event);
  const { request, response } = event;
  return (
    <Section title="Request">
      <Facts
        of={[
          ['asked', request ? <Hostile text={`${request.method} ${request.rawPath}`} cap={1_000} /> : null],
          [
            'judged as',
            request && request.path !== request.rawPath ? <Hostile text={request.path} cap={1_000} /> : null,
          ],
          ['host', request ? <Hostile text={request.host} cap={200} /> : null],
          ['from', <Hostile key="f" text={peerLine(event.from)} cap={300} />],
          ['to', <Hostile key="t" text={peerLine(event.to)} cap={300} />],
          [
            'answer',
            response
              ? `${response.status} by ${response.by === 'upstream' ? 'the service' : 'the sidecar'} · ${bytesWords(response.bodyBytes)}`
              : 'none',
          ],
          ['took', duration(event.durationMs)],
          ['phases', phases(event)],
          ['other side', other ? <BothSides event={event} other={other} /> : null],
          ['Envoy says', event.decision.details ? <Hostile text={event.decision.details} cap={200} /> : null],
          ['rehearsal', event.tag ? <Hostile text={event.tag} cap={200} /> : null],
          ['policies', `v${event.snapshotVersion}, judged by ${safeText(event.owner, 80)}`],
        ]}
      />
    </Section>
  );
}

function tlsTitle(event: TrafficEvent): string {
  if (event.decision.verdict === 'deny' && event.decision.phase === 'mtls') return 'TLS, refused';
  return event.tls?.mutual ? 'Mutual TLS' : 'TLS';
}

/** The inspector of an event. */
export function EventInspector({ event, onClose }: { event: TrafficEvent; onClose: () => void }): ReactNode {
  const explanation = useExplanation(event);
  const offset = useWindow((state) => state.session?.clockOffsetMs ?? 0);
  const { tone, word } = verdictWords(event.decision);
  const status = event.response?.status ?? event.decision.status;
  return (
    <Inspector
      title={`${safeText(peerName(event.from), 60)} → ${safeText(peerName(event.to), 60)}`}
      sub={
        <>
          <Hostile text={asked(event)} cap={120} /> · {preciseTime(event.at)}
        </>
      }
      aside={
        <Tag tone={tone}>
          {word} {status ?? ''}
        </Tag>
      }
      onClose={onClose}
    >
      <Why decision={event.decision} explanation={explanation} findings={event.findings} />
      <Message event={event} />
      {event.tls ? <Tls tls={event.tls} title={tlsTitle(event)} now={event.at + offset} /> : null}
      <Headers title="Request headers" headers={event.request?.headers ?? []} />
      <Headers title="Response headers" headers={event.response?.headers ?? []} />
    </Inspector>
  );
}
