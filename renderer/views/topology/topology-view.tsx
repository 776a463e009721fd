/** Topology: the live picture and its table, with what is selected beside it. */
import { Menu } from '@base-ui/react/menu';
import { ChevronDown, Table2, Waypoints } from 'lucide-react';
import { type ReactNode, useCallback, useMemo } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { LockIcon } from '../../components/graph/lock.tsx';
import { type Picked, TopologyGraph } from '../../components/graph/topology-graph.tsx';
import { useNow } from '../../components/use-now.ts';
import { useLocalCommands } from '../../commands/local-commands.ts';
import { buildGraph, type Graph, workloadNamed } from '../../reading/graph.ts';
import { sendSample } from '../../store/actions.ts';
import { select, usePlace } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { EdgeInspector } from './edge-inspector.tsx';
import { EdgeTable } from './edge-table.tsx';
import { MeshInspector } from './mesh-inspector.tsx';
import { NodeInspector } from './node-inspector.tsx';

const toggleTable = (): void => {
  const table = window.location.hash.includes('as=table');
  select({ as: table ? '' : 'table' });
};

const COMMANDS = [
  {
    id: 'topology-table',
    title: 'Topology: picture or table',
    group: 'Mesh' as const,
    keys: 't',
    run: toggleTable,
  },
  {
    id: 'topology-clear',
    title: 'Clear the selection',
    group: 'Mesh' as const,
    keys: 'Escape',
    run: () => select({ node: '', edge: '' }),
  },
];

function NamespaceMenu({ session, value }: { session: SessionState; value: string }): ReactNode {
  const names = [...new Set(session.workloads.map((one) => one.namespace))].sort();
  if (names.length < 2) return null;
  return (
    <Menu.Root>
      <Menu.Trigger className="btn s">
        Namespace: {value || 'all'} <ChevronDown size={12} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="start">
          <Menu.Popup className="menu">
            <Menu.RadioGroup value={value} onValueChange={(namespace: string) => select({ namespace })}>
              {['', ...names].map((name) => (
                <Menu.RadioItem key={name} value={name} className="menu-item">
                  <Menu.RadioItemIndicator className="menu-check" keepMounted>
                    ✓
                  </Menu.RadioItemIndicator>
                  {name || 'all namespaces'}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Legend(): ReactNode {
  return (
    <div className="legend" aria-label="Legend">
      <span title="mTLS in all requests">
        <LockIcon lock="closed" /> full
      </span>
      <span title="mTLS in some requests">
        <LockIcon lock="open" /> partial
      </span>
      <span title="mTLS in no request">
        <LockIcon lock="ring" /> plaintext
      </span>
      <span title="nothing came through">
        <i className="dash" /> denied
      </span>
    </div>
  );
}

function QuietHint({ graph }: { graph: Graph }): ReactNode {
  if (graph.edges.some((edge) => edge.reading.total > 0)) return null;
  return (
    <div className="hint" role="status">
      <span>
        {graph.edges.length === 0
          ? 'No service has called another yet.'
          : 'No request in the last 60 seconds.'}
      </span>
      <button type="button" className="btn s" onClick={() => void sendSample()}>
        Send a sample request
      </button>
    </div>
  );
}

function Detail({ session, now }: { session: SessionState; now: number }): ReactNode {
  const { params } = usePlace();
  const edge = useWindow((state) => state.edges.get(params['edge'] ?? ''));
  const workload = params['node'] ? workloadNamed(session, params['node']) : undefined;
  const close = (): void => select({ node: '', edge: '' });
  if (edge) return <EdgeInspector edge={edge} now={now} onClose={close} />;
  if (workload) return <NodeInspector workload={workload} now={now} onClose={close} />;
  return <MeshInspector session={session} now={now} />;
}

/** The view. */
export function TopologyView({ session }: { session: SessionState }): ReactNode {
  const { params } = usePlace();
  const edges = useWindow((state) => state.edges);
  const now = useNow(1_000);
  const namespace = params['namespace'] ?? '';
  const graph = useMemo(
    () => buildGraph(session, edges, now, namespace || null),
    [session, edges, now, namespace],
  );
  const { node, edge } = params;
  const picked = useMemo<Picked>(
    () => ({ ...(node ? { node } : {}), ...(edge ? { edge } : {}) }),
    [node, edge],
  );
  const onPick = useCallback((next: Picked) => select({ node: next.node ?? '', edge: next.edge ?? '' }), []);
  useLocalCommands(COMMANDS);
  const asTable = params['as'] === 'table';
  return (
    <div className="view with-side">
      <div className="column">
        <div className="filters">
          <NamespaceMenu session={session} value={namespace} />
          <Legend />
          <div className="grow" />
          <span className="sub">last 60 s</span>
          <button
            type="button"
            className="btn s"
            aria-pressed={asTable}
            onClick={toggleTable}
            title="Picture or table (T)"
          >
            {asTable ? <Waypoints size={13} /> : <Table2 size={13} />} {asTable ? 'Picture' : 'Table'}
          </button>
        </div>
        {asTable ? (
          <EdgeTable
            graph={graph}
            selected={edge}
            onSelect={(id) => onPick({ edge: id })}
            onClose={() => onPick({})}
          />
        ) : (
          <div className="stage">
            <TopologyGraph graph={graph} picked={picked} onPick={onPick} />
            <QuietHint graph={graph} />
          </div>
        )}
      </div>
      <Detail session={session} now={now} />
    </div>
  );
}
