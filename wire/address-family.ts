/**
 * Both ends of a connection as they are seen on it. A connection has one family: beside an IPv6 address an IPv4 one is
 * seen mapped, and matches no IPv4 block.
 */

/** The addresses, each as it is where it stands among its own. */
export function sameFamily(source: string, destination: string): { sourceIp: string; destinationIp: string } {
  const mixed = source.includes(':') !== destination.includes(':');
  return {
    sourceIp: mixed ? mappedToIpv6(source) : source,
    destinationIp: mixed ? mappedToIpv6(destination) : destination,
  };
}

function mappedToIpv6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
}
