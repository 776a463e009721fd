/** Images that are fetched or built, as tasks of the tray: while they run, when they end, and always where they fail. */
import { type ImageProgress, imageWords, sumLayers } from '../../model/image-progress.ts';
import { putTask, type Task, useTasks } from './tasks.ts';

const TITLES: Record<ImageProgress['work']['kind'], Record<ImageProgress['status'], string>> = {
  pull: { running: 'Pulling', done: 'Pulled', failed: 'Not pulled:', stopped: 'Gave up pulling' },
  build: { running: 'Building', done: 'Built', failed: 'Not built:', stopped: 'Gave up building' },
};

/** The task that shows an image. */
export function imageTask(image: ImageProgress): Task {
  const { work, status } = image;
  return {
    id: `${work.kind} ${image.image}`,
    title: `${TITLES[work.kind][status]} ${image.image}`,
    detail: imageWords(image),
    status: status === 'stopped' ? 'done' : status,
    progress: status === 'running' ? share(image) : null,
  };
}

/** Of what is known: of a pull the bytes, else the steps. */
function share({ work }: ImageProgress): Task['progress'] {
  if (work.kind === 'build') return { done: work.doneSteps, of: work.totalSteps };
  const { doneBytes, totalBytes } = sumLayers([work.layers]);
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * doneBytes) / totalBytes);
  return { done: percent, of: 100, words: `${percent} %` };
}

/** Puts into the tray what differs from what was known; what was dismissed comes back only when it fails. */
export function showImages(before: readonly ImageProgress[], now: readonly ImageProgress[]): void {
  for (const image of now) {
    if (before.includes(image)) continue;
    const task = imageTask(image);
    const earlier = before.find(
      ({ image: name, work }) => name === image.image && work.kind === image.work.kind,
    );
    if (earlier !== undefined && imageTask(earlier).detail === task.detail && earlier.status === image.status)
      continue;
    const shown = useTasks.getState().tasks.some(({ id }) => id === task.id);
    const began = earlier === undefined && image.status === 'running';
    if (shown || began || image.status === 'failed') putTask(task);
  }
}
