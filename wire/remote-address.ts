/**
 * The address that `remote.ip` and `remoteIpBlocks` see. Owns how X-Forwarded-For is read; refuses nothing:
 * what can't be read falls back to the peer, as in Envoy.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { parseIpAddress } from '../model/ip-block.ts';

/**
 * At a sidecar: the last entry of X-Forwarded-For, whoever sent it, when it is a bare address; else the peer.
 * Several header lines count as one list. That a client can choose it is Istio's behaviour.
 */
export function remoteAddressAtSidecar(peer: string, headers: HeaderList): string {
  let value: string | null = null;
  for (const [name, text] of headers) {
    if (name === 'x-forwarded-for') value = text;
  }
  if (value === null) return peer;
  const entry = value.slice(value.lastIndexOf(',') + 1).trim();
  return parseIpAddress(entry) === null ? peer : entry;
}
