/** Long work and its outcome, over every view until it is dismissed. */
import { X } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { Sign } from '../../components/tag.tsx';
import { safeText } from '../../reading/safe-text.ts';
import { dismissTask, type Task, useTasks } from '../../store/tasks.ts';

const STAYS_MS = 4_000;

function words({ done, of, words: own }: NonNullable<Task['progress']>): string {
  return own ?? `${done}/${of}`;
}

function Card({ task }: { task: Task }): ReactNode {
  const { id, status } = task;
  useEffect(() => {
    if (status !== 'done') return undefined;
    const timer = setTimeout(() => dismissTask(id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [id, status]);
  return (
    <li className={`task ${status}`}>
      {status === 'running' ? (
        <span className="ring turning" aria-hidden="true" />
      ) : (
        <Sign tone={status === 'done' ? 'allow' : 'deny'} label={status} />
      )}
      <div className="task-text">
        <b>{safeText(task.title, 120)}</b>
        <span className="sub">{safeText(task.detail)}</span>
        {task.progress && status === 'running' ? (
          <progress value={task.progress.done} max={task.progress.of} aria-label={words(task.progress)} />
        ) : null}
      </div>
      {task.progress ? <span className="sub num">{words(task.progress)}</span> : null}
      <button
        type="button"
        className="icon-btn"
        onClick={() => dismissTask(id)}
        aria-label={`Dismiss: ${task.title}`}
      >
        <X size={12} />
      </button>
    </li>
  );
}

/** The tray. */
export function Tray(): ReactNode {
  const tasks = useTasks((state) => state.tasks);
  return (
    <ul className="tray" aria-live="polite" aria-label="Tasks">
      {tasks.map((task) => (
        <Card key={task.id} task={task} />
      ))}
    </ul>
  );
}
