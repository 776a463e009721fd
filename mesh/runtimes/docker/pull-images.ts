/**
 * Fetches images side by side. When one can't be had, those that are known to exist are given up; those of which
 * nothing is known yet are waited for, so that all that can't be had are named at once.
 */
import type { ImageProgress, LayerProgress } from '../../../model/image-progress.ts';
import { messageOf } from '../../../model/message-of.ts';
import type { Engine } from './engine.ts';
import { PullRefusal } from './pull-answer.ts';
import { explainPull, type PullFailure } from './pull-failure.ts';
import { addToLayers } from './pull-layers.ts';
import { registryCredentials } from './registry-credentials.ts';

export interface WantedImage {
  image: string;
  platform?: string;
  /** Ids of those that run it. */
  workloads: readonly string[];
  /** What becomes of its services where it can't be had. */
  otherwise: 'nothing' | 'build';
}

export interface FailedPull extends PullFailure {
  wanted: WantedImage;
}

/** Bytes are told at most this often; every change of another kind is told at once. */
const TELL_EVERY_MS = 100;

/** Those that could not be had; none = the engine has all. Rejects only with the signal's reason. */
export async function pullImages(
  engine: Engine,
  wanted: readonly WantedImage[],
  signal: AbortSignal,
  onProgress: (progress: ImageProgress) => void,
): Promise<FailedPull[]> {
  const failures: FailedPull[] = [];
  const found = new Set<AbortController>();
  await Promise.all(
    wanted.map(async (one) => {
      const given = new AbortController();
      const exists = (): void => {
        found.add(given);
        if (failures.some(({ wanted: { otherwise } }) => otherwise === 'nothing')) given.abort();
      };
      const failure = await pullOne(engine, one, {
        signal: AbortSignal.any([signal, given.signal]),
        exists,
        onProgress,
      });
      if (failure === null) return;
      failures.push({ ...failure, wanted: one });
      if (one.otherwise === 'nothing') for (const other of found) other.abort();
    }),
  );
  signal.throwIfAborted();
  return failures;
}

interface OnePull {
  signal: AbortSignal;
  /** The registry has it. */
  exists(): void;
  onProgress(progress: ImageProgress): void;
}

/** Why it can't be had; null when the engine has it, or was told to give it up. */
async function pullOne(
  engine: Engine,
  { image, platform, workloads, otherwise }: WantedImage,
  { signal, exists, onProgress }: OnePull,
): Promise<PullFailure | null> {
  let layers: readonly LayerProgress[] = [];
  let toldAt = 0;
  const tell = (status: ImageProgress['status'], error: string | null = null): void => {
    toldAt = performance.now();
    onProgress({ image, workloads, status, work: { kind: 'pull', layers }, error });
  };
  tell('running');
  const { auth, trouble } = await registryCredentials(image);
  try {
    await engine.pull(
      { reference: withTag(image), auth, signal, ...(platform === undefined ? {} : { platform }) },
      (message) => {
        const before = layers;
        layers = addToLayers(layers, message);
        if (layers === before) return;
        exists();
        if (statuses(before) !== statuses(layers) || performance.now() - toldAt >= TELL_EVERY_MS)
          tell('running');
      },
    );
    tell('done');
    return null;
  } catch (error) {
    if (signal.aborted) {
      tell('stopped');
      return null;
    }
    if (!(error instanceof PullRefusal)) {
      tell('failed', messageOf(error));
      throw error;
    }
    const failure = explainPull(image, error.message, trouble);
    tell(otherwise === 'build' ? 'stopped' : 'failed', failure.reason);
    return failure;
  }
}

function statuses(layers: readonly LayerProgress[]): string {
  return layers.map(({ status }) => status).join();
}

/** Docker's default, said aloud. */
function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(name) ? reference : `${reference}:latest`;
}
