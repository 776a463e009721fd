/** How far the images of a session are: pulled from a registry, or built here. Sums count each byte once. */
import { bytesWords } from './bytes-words.ts';
import { counted } from './counted.ts';

/**
 * One layer as the engine tells it. `kept`: the engine had it already, so nothing of it travels. What is unpacked was
 * downloaded before and isn't counted again.
 */
export interface LayerProgress {
  /** First twelve digits of the digest of what the registry stores. */
  id: string;
  status: 'waiting' | 'downloading' | 'retrying' | 'downloaded' | 'unpacking' | 'done' | 'kept';
  /** Bytes that have arrived; less than before when a download begins again. */
  doneBytes: number;
  /** Bytes in all, compressed, as the registry stores them; null until the engine tells. */
  totalBytes: number | null;
}

export type ImageWork =
  | { kind: 'pull'; layers: readonly LayerProgress[] }
  /** Numbered steps of the Dockerfile, of those stages that have begun. */
  | { kind: 'build'; doneSteps: number; totalSteps: number; step: string | null };

export interface ImageProgress {
  /** The reference, as the project writes it. */
  image: string;
  /** Ids of those that run it. */
  workloads: readonly string[];
  status: 'running' | 'done' | 'failed' | 'stopped';
  work: ImageWork;
  /** Why it failed, for a person. */
  error: string | null;
}

export interface LayerSums {
  doneBytes: number;
  totalBytes: number;
  /** Layers whose size isn't known yet: then the total is the least that it can be. */
  unknown: number;
  /** Layers that are in the engine, of how many. */
  doneLayers: number;
  layers: number;
}

/** Sums over layers; one that several images share counts once. */
export function sumLayers(images: readonly (readonly LayerProgress[])[]): LayerSums {
  const byId = new Map<string, LayerProgress>();
  for (const layer of images.flat()) {
    const known = byId.get(layer.id);
    // To the image that came second the engine says that it has what the first one fetched.
    if (known === undefined || known.status === 'kept' || known.doneBytes < layer.doneBytes)
      byId.set(layer.id, layer);
  }
  const sums: LayerSums = { doneBytes: 0, totalBytes: 0, unknown: 0, doneLayers: 0, layers: byId.size };
  for (const { status, doneBytes, totalBytes } of byId.values()) {
    sums.doneBytes += doneBytes;
    sums.totalBytes += totalBytes ?? 0;
    if (totalBytes === null) sums.unknown += 1;
    if (status === 'done' || status === 'kept') sums.doneLayers += 1;
  }
  return sums;
}

/** `12.4 MB of 40.1 MB, 2 of 5 layers`; `step 2 of 7: RUN npm ci`. */
export function imageWords({ work, status, error }: ImageProgress): string {
  if (status === 'failed') return error ?? 'failed';
  if (work.kind === 'build') {
    if (work.totalSteps === 0) return 'reading the Dockerfile';
    if (status === 'done') return counted(work.totalSteps, 'step');
    const at = Math.min(work.doneSteps + 1, work.totalSteps);
    return `step ${at} of ${work.totalSteps}${work.step === null ? '' : `: ${work.step}`}`;
  }
  const { doneBytes, totalBytes, unknown, doneLayers, layers } = sumLayers([work.layers]);
  if (layers === 0) return status === 'done' ? 'up to date' : 'asking the registry';
  if (status === 'done') return `${bytesWords(doneBytes)}, ${counted(layers, 'layer')}`;
  const least = unknown > 0 ? 'at least ' : '';
  return `${bytesWords(doneBytes)} of ${least}${bytesWords(totalBytes)}, ${doneLayers} of ${layers} layers`;
}
