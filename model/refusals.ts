/** What an instance tried past its sidecar, as the rules of its network namespace counted it. */

/** Packets since the instance first came up. One refused call or datagram is one packet. */
export interface Refusals {
  /** Calls to an address and port that no sidecar listener stands for. */
  tcp: number;
  udp: number;
  /** Questions to the engine's resolver, or to port 53 anywhere. */
  dns: number;
  /** Any other protocol: ICMP, SCTP, … */
  other: number;
  /** Packets of others to the instance that didn't come from its sidecar. */
  inbound: number;
}

/** `12 refused: 10 tcp, 2 dns`; `nothing refused`. */
export function refusalWords(refusals: Refusals): string {
  const named = Object.entries(refusals).filter(([, packets]) => packets > 0);
  if (named.length === 0) return 'nothing refused';
  const total = named.reduce((sum, [, packets]) => sum + packets, 0);
  return `${total} refused: ${named.map(([what, packets]) => `${packets} ${what}`).join(', ')}`;
}
