/** Identities: who is who, and how long each certificate lasts. */
import { RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { Tag } from '../../components/tag.tsx';
import { useNow } from '../../components/use-now.ts';
import { plural, span } from '../../reading/format.ts';
import { rotate } from '../../store/actions.ts';
import { goTo } from '../../store/selection.ts';

/** The view. */
export function IdentitiesView({ session }: { session: SessionState }): ReactNode {
  const now = useNow(1_000) + session.clockOffsetMs;
  return (
    <div className="view">
      <div className="column">
        <div className="filters">
          <h2>Identities</h2>
          <span className="sub">
            {plural(session.workloads.length, 'workload')} of {session.trustDomain}
          </span>
          <span className="grow" />
          <button type="button" className="btn s" onClick={() => void rotate()}>
            <RefreshCw size={12} /> Rotate all
          </button>
        </div>
        <div className="scroll">
          <table className="list">
            <colgroup>
              <col className="w-name" />
              <col />
              <col className="w-name" />
              <col className="w-num" />
              <col className="w-num" />
            </colgroup>
            <thead>
              <tr>
                <th>workload</th>
                <th>SPIFFE id</th>
                <th>certificate</th>
                <th className="num">valid</th>
                <th className="num">renews in</th>
              </tr>
            </thead>
            <tbody>
              {session.workloads.map(({ id, name, spiffeId, certificate }) => (
                <tr key={id}>
                  <td>
                    <button type="button" className="link" onClick={() => goTo('topology', { node: id })}>
                      {name}
                    </button>
                  </td>
                  <td className="mono">{spiffeId}</td>
                  <td>
                    {certificate === null ? (
                      <Tag tone="quiet">none yet</Tag>
                    ) : certificate.notAfter > now ? (
                      <Tag tone="allow">valid</Tag>
                    ) : (
                      <Tag tone="deny">expired</Tag>
                    )}
                  </td>
                  <td className="num">{certificate ? span(certificate.notAfter - now) : '–'}</td>
                  <td className="num">{certificate ? span(certificate.renewAt - now) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </div>
  );
}
