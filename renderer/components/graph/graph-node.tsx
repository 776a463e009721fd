/** A workload in the picture: health, name, identity, rate. */
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { Globe } from 'lucide-react';
import type { ReactNode } from 'react';
import { rate } from '../../reading/format.ts';
import type { GraphNode } from '../../reading/graph.ts';
import type { Hop } from '../../reading/replay.ts';

export type FlowNode = Node<
  { node: GraphNode; lit: Hop['outcome'] | 'sender' | null; quiet: 'numbers' | 'no-numbers' },
  'workload'
>;

/** Drawn by the graph for every node. */
export function WorkloadNode({ data, selected }: NodeProps<FlowNode>): ReactNode {
  const { node, lit } = data;
  const shown = node.foreign || data.quiet === 'no-numbers' ? '' : rate(node.inbound);
  const classes = [
    'node',
    node.foreign ? 'foreign' : node.health,
    selected ? 'selected' : '',
    lit ? `lit-${lit}` : '',
  ];
  return (
    <div className={classes.join(' ')}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <div className="node-top">
        {node.foreign ? (
          <Globe size={12} aria-hidden="true" />
        ) : (
          <span className="health" role="img" aria-label={node.health} title={node.health} />
        )}
        <b>{node.title}</b>
        <span className="node-rate">{shown}</span>
      </div>
      <div className="node-sub" title={node.subtitle}>
        {node.subtitle}
      </div>
    </div>
  );
}
