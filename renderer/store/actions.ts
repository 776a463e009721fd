/** What a person can make the host do. Each is a task in the tray; none throws. */
import { counted } from '../../model/counted.ts';
import type { InstanceAction } from '../../model/instance-action.ts';
import type { ScenarioVerdict } from '../../model/rehearsal-report.ts';
import { LIFE } from '../reading/instance-life.ts';
import { eventAt } from './event-log.ts';
import { PAGE } from './connect.ts';
import { errorWords } from './host-error.ts';
import { asTask, putTask } from './tasks.ts';
import { dispatch, line, useWindow } from './window-store.ts';

const REHEARSAL = 'rehearsal';

function words(totals: Record<ScenarioVerdict, number>): string {
  const parts = (['passed', 'failed', 'errored', 'skipped', 'interrupted'] as const).filter(
    (one) => totals[one] > 0,
  );
  return parts.map((one) => `${totals[one]} ${one}`).join(', ') || 'no scenario ran';
}

/** Runs the named scenarios, all of them when none is named. */
export async function rehearse(ids: readonly string[], all: readonly string[]): Promise<void> {
  if (useWindow.getState().run.status === 'running') return;
  const asked = ids.length > 0 ? ids : all;
  dispatch({ type: 'rehearsalAsked', ids: asked });
  const title = asked.length === 1 ? `Rehearsing ${asked[0]}` : `Rehearsing ${asked.length} scenarios`;
  const stop = useWindow.subscribe(({ run }) => {
    if (run.status !== 'running') return;
    const current = [...run.steps.keys()].at(-1);
    putTask({
      id: REHEARSAL,
      title,
      detail: current ?? 'starting',
      status: 'running',
      progress: { done: run.finished.size, of: asked.length },
    });
  });
  putTask({
    id: REHEARSAL,
    title,
    detail: 'starting',
    status: 'running',
    progress: { done: 0, of: asked.length },
  });
  try {
    const report = await line()
      .host()
      .rehearse([...ids]);
    dispatch({ type: 'rehearsalFinished', report });
    stop();
    const bad = report.totals.failed + report.totals.errored > 0;
    const done = { done: report.scenarios.length, of: report.scenarios.length };
    putTask({
      id: REHEARSAL,
      title: 'Rehearsal finished',
      detail: words(report.totals),
      status: bad ? 'failed' : 'done',
      progress: done,
    });
  } catch (error) {
    stop();
    const reason = errorWords(error);
    dispatch({ type: 'rehearsalFailed', error: reason });
    putTask({
      id: REHEARSAL,
      title: 'Rehearsal broke off',
      detail: reason,
      status: 'failed',
      progress: null,
    });
  }
}

/** One ordinary request through the mesh. */
export async function sendSample(): Promise<void> {
  await asTask('sample', 'Sample request', async () => {
    await line().host().sendSample();
    return 'answered; Traffic shows what it caused';
  });
}

/** New certificates for every instance. */
export async function rotate(): Promise<void> {
  await asTask('rotate', 'Rotating certificates', async () => {
    await line().host().rotate();
    return 'every instance has a new certificate; no connection was dropped';
  });
}

/** The task of what is done to one instance: the last thing only, which is what its state comes from. */
export function lifeTask(instance: string): string {
  return `life ${instance}`;
}

/** Something done to the life of one instance. */
export async function act(instance: string, action: InstanceAction): Promise<void> {
  const { running, done } = LIFE[action.kind];
  await asTask(lifeTask(instance), `${running} ${instance}`, async () => {
    await line().host().act(instance, action);
    return done;
  });
}

/** Another number of instances of a service. */
export async function scale(service: string, count: number): Promise<void> {
  const instances = counted(count, 'instance');
  await asTask(`scale ${service}`, `Scaling ${service} to ${instances}`, async () => {
    await line().host().scale(service, count);
    return `${service} has ${instances}`;
  });
}

/** Writes the manifests into a folder. */
export async function writeExport(folder: string): Promise<void> {
  await asTask('export', `Writing the export to ${folder}`, async () => {
    const files = await line().host().exportWrite('istio', folder);
    return `${files.length} files in ${folder}`;
  });
}

/** Downloads the manifests as a zip. */
export async function downloadExport(): Promise<void> {
  await asTask('export-zip', 'Making the zip', async () => {
    const { name, base64 } = await line().host().exportZip('istio');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = name;
    anchor.click();
    URL.revokeObjectURL(url);
    return name;
  });
}

/** Fetches the page of traffic before the oldest event that the window has. */
export async function loadOlder(): Promise<void> {
  const first = eventAt(useWindow.getState().log, 0);
  if (!first) return;
  await asTask('older', 'Reading older traffic', async () => {
    const events = await line().host().traffic({ before: first.id, limit: PAGE });
    dispatch({ type: 'olderReceived', events, olderLeft: events.length === PAGE });
    return `${events.length} events`;
  });
}

/** Tries the host at once. */
export function reconnect(): void {
  line().retry();
}
