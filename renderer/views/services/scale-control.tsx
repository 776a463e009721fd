/** How many instances a service has, and another number of them. */
import { Scaling } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { MOST_REPLICAS } from '../../../model/replicas.ts';
import type { WorkloadState } from '../../../model/session-state.ts';
import { scale } from '../../store/actions.ts';
import { useTasks } from '../../store/tasks.ts';

/** None at all is for the command line: here nothing would be left to press. */
const FEWEST = 1;

/** A number and a button; what comes of it is in the tray and in the list. */
export function ScaleControl({ workload }: { workload: WorkloadState }): ReactNode {
  const now = workload.instances.length;
  const [wanted, setWanted] = useState<number | null>(null);
  const running = useTasks(({ tasks }) =>
    tasks.some(({ id, status }) => id === `scale ${workload.id}` && status === 'running'),
  );
  const count = wanted ?? now;
  const fits = Number.isInteger(count) && count >= FEWEST && count <= MOST_REPLICAS;
  return (
    <form
      className="scale"
      onSubmit={(event) => {
        event.preventDefault();
        setWanted(null);
        void scale(workload.id, count);
      }}
    >
      <input
        type="number"
        min={FEWEST}
        max={MOST_REPLICAS}
        value={Number.isNaN(count) ? '' : count}
        aria-label={`Instances of ${workload.id}`}
        disabled={running}
        onChange={(event) => setWanted(event.target.valueAsNumber)}
      />
      <button type="submit" className="btn s" disabled={running || !fits || count === now}>
        <Scaling size={12} /> {running ? 'Scaling…' : 'Scale'}
      </button>
    </form>
  );
}
