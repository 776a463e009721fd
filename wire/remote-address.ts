/**
 * The address that `remote.ip` and `remoteIpBlocks` see. Owns how X-Forwarded-For is read; refuses nothing:
 * what can't be read falls back to the peer, as in Envoy.
 */
import type { HeaderList } from '../model/request-facts.ts';
import { parseIpAddress } from '../model/ip-block.ts';
import { trimBlanks } from './field-grammar.ts';

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
  const entry = trimBlanks(value.slice(value.lastIndexOf(',') + 1));
  return parseIpAddress(entry) === null ? peer : entry;
}

/**
 * At a gateway: the peer, or with trusted proxies in front of it the entry that the outermost of them wrote (the Nth
 * from the right, before the peer is appended). No such entry, or none that is a bare address: the peer, never
 * another entry.
 */
export function remoteAddressAtGateway(peer: string, headers: HeaderList, trustedProxies: number): string {
  const entries = forwardedFor(headers).split(',');
  const entry = trimBlanks(entries[entries.length - trustedProxies] ?? '');
  return parseIpAddress(entry) === null ? peer : entry;
}

/** All header lines as one list, as sent. */
export function forwardedFor(headers: HeaderList): string {
  return headers
    .filter(([name]) => name === 'x-forwarded-for')
    .map(([, value]) => value)
    .join(',');
}
