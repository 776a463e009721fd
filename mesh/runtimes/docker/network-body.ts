/** A network of ours, as the engine wants it described. */
import type { Labels } from './container-body.ts';

export interface NetworkSpec {
  name: string;
  subnet: string;
  gateway: string;
  labels: Labels;
}

/** Internal, IPv4 only, at these addresses. */
export function networkBody({ name, subnet, gateway, labels }: NetworkSpec) {
  return {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] },
    Labels: { ...labels },
  };
}
