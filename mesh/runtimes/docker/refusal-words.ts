/** What an engine refuses, recognised by its words, with what to do about it. Pure. */

interface Known {
  code: string;
  pattern: RegExp;
  hint: string;
}

const KNOWN: readonly Known[] = [
  {
    code: 'engine-disk-full',
    pattern: /no space left on device|disk quota exceeded/i,
    hint: 'the engine’s disk is full: see `docker system df`, remove what you don’t need (`docker image prune`, `docker builder prune`), and start again',
  },
  {
    code: 'no-subnet',
    pattern: /overlaps with other|available .*address pool|address pools have been fully subnetted/i,
    hint: 'other networks have the addresses: see `docker network ls` and `ip route`, and remove those that nobody uses (`docker network prune`)',
  },
  {
    code: 'port-taken',
    pattern: /port is already allocated|address already in use/i,
    hint: 'another container or program has the port: see `docker ps` and `ss -ltnp`',
  },
  {
    code: 'image-missing',
    pattern: /no such image/i,
    hint: 'somebody removed the image meanwhile: build or pull it, and start again',
  },
];

/** Null = nothing more is known of it than its words. */
export function knownRefusal(words: string): { code: string; hint: string } | null {
  return KNOWN.find(({ pattern }) => pattern.test(words)) ?? null;
}
