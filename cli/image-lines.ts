/** How far images are, as a command shows it: a line an image on a terminal, a line a step elsewhere. */
import { type ImageProgress, imageWords, sumLayers } from '../model/image-progress.ts';

/** `pulling redis:7: 12.4 MB of 40.1 MB, 2 of 5 layers`: all of them, until none is under way. */
export function imageLines(images: readonly ImageProgress[]): string[] {
  return images.some(({ status }) => status === 'running') ? images.map(imageLine) : [];
}

/** What is worth a line of its own between two states: a beginning, a layer more, a step more, an end. */
export function imageChanges(before: readonly ImageProgress[], now: readonly ImageProgress[]): string[] {
  return now.flatMap((image) => {
    const earlier = before.find((one) => one.image === image.image && one.work.kind === image.work.kind);
    return earlier !== undefined && milestone(earlier) === milestone(image) ? [] : [imageLine(image)];
  });
}

function imageLine(image: ImageProgress): string {
  return `${VERBS[image.work.kind][image.status]} ${image.image}${image.status === 'stopped' ? '' : `: ${imageWords(image)}`}`;
}

const VERBS: Record<ImageProgress['work']['kind'], Record<ImageProgress['status'], string>> = {
  pull: { running: 'pulling', done: 'pulled', failed: 'not pulled', stopped: 'gave up pulling' },
  build: { running: 'building', done: 'built', failed: 'not built', stopped: 'gave up building' },
};

function milestone({ status, work }: ImageProgress): string {
  const far = work.kind === 'pull' ? sumLayers([work.layers]).doneLayers : `${work.doneSteps} ${work.step}`;
  return `${status} ${far}`;
}
