/**
 * What an engine says while it pulls, folded into layers. Pure. The engine tells of downloads seldom and may leave out
 * the last word of one, so "complete" counts as all of it; what it unpacks has the size of what it downloaded.
 */
import type { LayerProgress } from '../../../model/image-progress.ts';

/** A message of `POST /images/create`. */
export interface PullMessage {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number; units?: string };
  error?: string;
  errorDetail?: { message?: string };
}

/** Ids of layers are hexadecimal; a tag's line is about the image. */
const LAYER_ID = /^[0-9a-f]{12,}$/;
const ID_LENGTH = 12;

const STATUS: Readonly<Record<string, LayerProgress['status']>> = {
  'Pulling fs layer': 'waiting',
  Waiting: 'waiting',
  Downloading: 'downloading',
  'Verifying Checksum': 'downloaded',
  'Download complete': 'downloaded',
  Extracting: 'unpacking',
  'Pull complete': 'done',
  'Already exists': 'kept',
};

/** The layers after one more message; the same array where it is about none. */
export function addToLayers(
  layers: readonly LayerProgress[],
  message: PullMessage,
): readonly LayerProgress[] {
  const { status: word = '', id: longId = '', progressDetail = {} } = message;
  if (!LAYER_ID.test(longId)) return layers;
  const status = word.startsWith('Retrying') ? 'retrying' : STATUS[word];
  if (status === undefined) return layers;
  const id = longId.slice(0, ID_LENGTH);
  const at = layers.findIndex((layer) => layer.id === id);
  const before = layers[at] ?? { id, status: 'waiting', doneBytes: 0, totalBytes: null };
  const after = { ...before, status, ...bytesAfter(before, status, progressDetail) };
  return at < 0 ? [...layers, after] : layers.with(at, after);
}

function bytesAfter(
  before: LayerProgress,
  status: LayerProgress['status'],
  { current, total, units }: NonNullable<PullMessage['progressDetail']>,
): Pick<LayerProgress, 'doneBytes' | 'totalBytes'> {
  // Engines with containerd's store count seconds while they unpack.
  const told = units === undefined && total !== undefined && total > 0 ? total : null;
  const totalBytes = told ?? before.totalBytes;
  switch (status) {
    case 'kept':
      return { doneBytes: 0, totalBytes: 0 };
    case 'waiting':
    case 'retrying':
      return { doneBytes: 0, totalBytes };
    case 'downloading':
      return { doneBytes: current ?? before.doneBytes, totalBytes };
    case 'downloaded':
    case 'unpacking':
    case 'done':
      return { doneBytes: totalBytes ?? before.doneBytes, totalBytes };
  }
}
