/** Long work and its outcome, shown in a tray that survives navigation. */
import { create } from 'zustand';
import { errorWords } from './host-error.ts';

export interface Task {
  id: string;
  title: string;
  detail: string;
  status: 'running' | 'done' | 'failed';
  /** Steps done of all, and in other words where they aren't steps; null where that can't be told. */
  progress: { done: number; of: number; words?: string } | null;
}

interface Tasks {
  tasks: readonly Task[];
}

export const useTasks = create<Tasks>(() => ({ tasks: [] }));

/** Adds a task, or replaces the one with its id. */
export function putTask(task: Task): void {
  useTasks.setState(({ tasks }) => {
    const at = tasks.findIndex((one) => one.id === task.id);
    return { tasks: at < 0 ? [...tasks, task] : tasks.with(at, task) };
  });
}

/** Takes a task out of the tray. */
export function dismissTask(id: string): void {
  useTasks.setState(({ tasks }) => ({ tasks: tasks.filter((task) => task.id !== id) }));
}

/** Runs `work` as a task: its title while it runs, its answer as the detail, its error where it fails. */
export async function asTask(id: string, title: string, work: () => Promise<string>): Promise<void> {
  putTask({ id, title, detail: '', status: 'running', progress: null });
  try {
    putTask({ id, title, detail: await work(), status: 'done', progress: null });
  } catch (error) {
    const detail = errorWords(error);
    putTask({ id, title, detail, status: 'failed', progress: null });
  }
}
