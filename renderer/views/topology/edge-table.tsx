/** The picture's twin: every pair as a row, with the lock and the numbers in words. */
import type { ReactNode } from 'react';
import { LockIcon, lockWords } from '../../components/graph/lock.tsx';
import { useListKeys } from '../../components/use-list-keys.ts';
import { duration, rate } from '../../reading/format.ts';
import type { Graph } from '../../reading/graph.ts';

interface EdgeTableProps {
  graph: Graph;
  selected: string | undefined;
  onSelect: (edge: string) => void;
  onClose: () => void;
}

/** The table. */
export function EdgeTable({ graph, selected, onSelect, onClose }: EdgeTableProps): ReactNode {
  const rows = [...graph.edges].sort((a, b) => b.reading.total - a.reading.total || a.id.localeCompare(b.id));
  const keys = useListKeys({
    length: rows.length,
    at: rows.findIndex((edge) => edge.id === selected),
    move: (index) => onSelect(rows[index]?.id ?? ''),
    close: onClose,
  });
  return (
    <div className="scroll" tabIndex={0} onKeyDown={keys} role="region" aria-label="Edges of the topology">
      <table className="list">
        <colgroup>
          <col className="w-pair" />
          <col />
          <col className="w-num" />
          <col className="w-num" />
          <col className="w-num" />
          <col className="w-num" />
        </colgroup>
        <thead>
          <tr>
            <th>from → to</th>
            <th>mTLS</th>
            <th className="num">rate</th>
            <th className="num">denied</th>
            <th className="num">p50</th>
            <th className="num">p99</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((edge) => (
            <tr
              key={edge.id}
              aria-selected={edge.id === selected}
              className={edge.id === selected ? 'on' : ''}
              onClick={() => onSelect(edge.id)}
            >
              <td>
                {edge.from} <span className="sub">→</span> <b>{edge.to}</b>
              </td>
              <td>
                <LockIcon lock={edge.reading.lock} /> <span className="sub">{lockWords(edge.reading)}</span>
              </td>
              <td className="num">{rate(edge.reading.total)}</td>
              <td className={edge.reading.denied > 0 ? 'num denials' : 'num'}>
                {edge.reading.denied > 0 ? `✕ ${edge.reading.denied}` : '0'}
              </td>
              <td className="num">{duration(edge.reading.p50)}</td>
              <td className="num">{duration(edge.reading.p99)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
