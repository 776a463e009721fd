/** Another engine with the same rules: a peer in a table of measurements. */
import type { AskedRequest } from '../policy-rules.ts';

export interface Peer {
  name: string;
  /** With `count` rules loaded, as the engine likes it best: parsed once, asked often. */
  load(count: number): Promise<(request: AskedRequest) => () => boolean>;
}

/** A peer, or why it isn't here. */
export type FoundPeer = { peer: Peer } | { missing: string };
