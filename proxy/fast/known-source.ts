/**
 * Who is at the far end of a connection, looked up once where that is enough. An entry of the table lasts as long as
 * its connection; a stranger is one until somebody declares a source, or another thread tells of a hop.
 */
import type { Endpoints, Source } from '../connection-table.ts';
import type { Core } from '../core.ts';

export class KnownSource {
  readonly #core: Core;
  readonly #endpoints: Endpoints;
  #entry: Source | null = null;
  /** State of the table when there was no entry. */
  #askedAt = -1;

  constructor(core: Core, endpoints: Endpoints) {
    this.#core = core;
    this.#endpoints = endpoints;
  }

  /** As it is now, tag included; null = a stranger. */
  now(): Source | null {
    if (this.#entry !== null) return this.#entry;
    const { table } = this.#core;
    const { changes } = table;
    if (changes === null) return table.lookUp(this.#endpoints);
    if (changes === this.#askedAt) return null;
    this.#askedAt = changes;
    this.#entry = table.entry(this.#endpoints);
    return this.#entry;
  }
}
