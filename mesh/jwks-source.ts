/**
 * The keys behind every `jwksUri` of a mesh's policies: fetched by the control plane, as istiod does it, kept while
 * they are asked for, fetched again in time. What can't be fetched is null, and then no token is good.
 */
import { keyFilePath } from '../model/istio/key-file.ts';
import { messageOf } from '../model/message-of.ts';
import type { Problem } from '../model/problem.ts';
import { type KeySet, parseKeySet } from '../policy/tokens/key-set.ts';
import { type FetchText, fetchText } from './fetch-text.ts';
import { readKeyFile } from './key-file.ts';
import type { MeshPolicies } from './mesh-policies.ts';

/** Keys by URI. */
export type KeySets = Readonly<Record<string, KeySet | null>>;

export interface JwksSourceOptions {
  /** The project's folder, for a `jwksUri` that is a path. */
  root: () => string;
  /** Keys of a URI changed, or could be had or not had any more. */
  changed: (sets: KeySets) => void;
  fetch?: FetchText;
  /** Between two fetches of keys that are there, and of keys that aren't. */
  refreshMs?: { good: number; missing: number };
}

/** Istiod's intervals. */
const REFRESH_MS = { good: 20 * 60_000, missing: 60_000 };

interface Entry {
  keys: KeySet | null;
  failure: string | null;
}

export class JwksSource {
  readonly #options: JwksSourceOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: JwksSourceOptions) {
    this.#options = options;
  }

  get sets(): KeySets {
    return Object.fromEntries([...this.#entries].map(([uri, { keys }]) => [uri, keys]));
  }

  /** One warning for each URI whose keys aren't there. */
  get problems(): Problem[] {
    return [...this.#entries].flatMap(([uri, { keys, failure }]) =>
      keys !== null
        ? []
        : [
            {
              code: 'keys-unreachable',
              severity: 'warning' as const,
              message: `no keys at ${uri}: ${failure}; every token by them is refused`,
              hint: 'write them into the rule as jwks to work without a network',
            },
          ],
    );
  }

  /** Fetches what these policies ask for and isn't there yet, and forgets the rest. */
  async follow(policies: MeshPolicies): Promise<void> {
    const wanted = urisOf(policies);
    for (const uri of this.#entries.keys()) if (!wanted.has(uri)) this.#entries.delete(uri);
    await this.#fetchAll([...wanted].filter((uri) => !this.#entries.get(uri)?.keys));
    this.#schedule();
  }

  close(): void {
    this.#abort.abort(new Error('the session ended'));
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #fetchAll(uris: readonly string[]): Promise<void> {
    await Promise.all(uris.map(async (uri) => this.#entries.set(uri, await this.#fetch(uri))));
  }

  /** Keys once had stay when a later fetch fails, as istiod's do. */
  async #fetch(uri: string): Promise<Entry> {
    const before = this.#entries.get(uri)?.keys ?? null;
    try {
      const keys = parseKeySet(await this.#text(uri));
      return keys === null
        ? { keys: before, failure: 'the answer holds no key that can be used' }
        : { keys, failure: null };
    } catch (error) {
      return { keys: before, failure: messageOf(error) };
    }
  }

  /** A path is read, and changes with its file; everything else is fetched. */
  #text(uri: string): Promise<string> {
    const path = keyFilePath(uri);
    if (path !== null) return readKeyFile(path, this.#options.root());
    return (this.#options.fetch ?? fetchText)(uri, this.#abort.signal);
  }

  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#entries.size === 0 || this.#abort.signal.aborted) return;
    const { good, missing } = this.#options.refreshMs ?? REFRESH_MS;
    const every = [...this.#entries.values()].every(({ failure }) => failure === null) ? good : missing;
    this.#timer = setTimeout(() => void this.#refresh(), every);
    this.#timer.unref();
  }

  async #refresh(): Promise<void> {
    const before = JSON.stringify(this.sets);
    await this.#fetchAll([...this.#entries.keys()]);
    if (this.#abort.signal.aborted) return;
    if (JSON.stringify(this.sets) !== before) this.#options.changed(this.sets);
    this.#schedule();
  }
}

function urisOf(policies: MeshPolicies): Set<string> {
  const rules = Object.values(policies).flatMap((ports) =>
    Object.values(ports).flatMap(({ policy }) => policy.jwt.rules),
  );
  return new Set(rules.flatMap(({ keys }) => (keys.kind === 'uri' ? [keys.uri] : [])));
}
