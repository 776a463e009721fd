/** A network of this session: internal, in a subnet that nobody has. */
import type { Labels } from './container-body.ts';
import type { Engine } from './engine.ts';
import { isSubnetTaken } from './engine-errors.ts';
import type { Subnet } from './subnets.ts';

/** Taken subnets that we pass by before giving up. */
const SUBNET_ATTEMPTS = 64;

/** Makes it; its gateway's address. `subnets`: candidates, shared by a session so that none is tried twice. */
export async function createOwnNetwork(
  { engine, subnets }: { engine: Engine; subnets: Iterator<Subnet, never> },
  { name, labels }: { name: string; labels: Labels },
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const { cidr, gateway } = subnets.next().value;
    try {
      await engine.createNetwork({ name, subnet: cidr, gateway, labels });
      return gateway;
    } catch (error) {
      if (!isSubnetTaken(error) || attempt === SUBNET_ATTEMPTS) throw error;
    }
  }
}
