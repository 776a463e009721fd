/** A workload in the picture: health, name, identity, rate. */
import type { Node, NodeProps } from '@xyflow/react';
import { Globe } from 'lucide-react';
import type { ReactNode } from 'react';
import { rate } from '../../reading/format.ts';
import type { GraphNode } from '../../reading/graph.ts';

export type FlowNode = Node<{ node: GraphNode; lit: 'arrived' | 'stopped' | 'sender' | null }, 'workload'>;

/** Drawn by the graph for every node. */
export function WorkloadNode({ data, selected }: NodeProps<FlowNode>): ReactNode {
  const { node, lit } = data;
  const classes = [
    'node',
    node.foreign ? 'foreign' : node.health,
    selected ? 'selected' : '',
    lit ? `lit-${lit}` : '',
  ];
  return (
    <div className={classes.join(' ')}>
      <div className="node-top">
        {node.foreign ? (
          <Globe size={12} aria-hidden="true" />
        ) : (
          <span className="health" role="img" aria-label={node.health} title={node.health} />
        )}
        <b>{node.title}</b>
        <span className="node-rate">{node.foreign ? '' : rate(node.inbound)}</span>
      </div>
      <div className="node-sub" title={node.subtitle}>
        {node.subtitle}
      </div>
    </div>
  );
}
