/** The image of holders and of the one-shot containers that install rules: nft and busybox. */
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.ts';
import { ensureProgramImage } from './program-image.ts';

/** The reference of an image that has nft and busybox on its PATH; made when it isn't there yet. */
export function ensureHelperImage(engine: Engine, signal: AbortSignal): Promise<string> {
  return ensureProgramImage(
    engine,
    {
      name: 'pod',
      programs: ['nft', 'busybox'],
      beside: [],
      folder: fileURLToPath(new URL('./helper/', import.meta.url)),
      packages: 'nftables busybox-static',
    },
    signal,
  );
}
