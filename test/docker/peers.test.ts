import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, dial, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerExec } from '../support/docker-cli.ts';
import { dockerBench, knock, type Bench } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const echo = { image: BOX, command: ECHO_SERVICE };

describeWith('docker', 'peers of a service in a pod', () => {
  let bench: Bench;
  const fromOrders = (host: string, port: number) => dial(bench.container('orders-0'), host, port);
  const variable = async (name: string) =>
    (await dockerExec(bench.container('orders-0'), 'node', '-p', `process.env[${JSON.stringify(name)}]`))
      .output;

  beforeAll(async () => {
    await buildBox();
    bench = await dockerBench([
      { ...echo, name: 'orders', environment: { DATABASE: 'pg://${GREENROOM_ADDR_DB_5432}/x' } },
      { ...echo, name: 'db', ports: [[5432, 5432]] },
      { ...echo, name: 'cache', ports: [[5432, 6000]] },
      {
        ...echo,
        name: 'ledger',
        namespace: 'billing',
        ports: [
          [5432, 5432],
          [81, 81],
        ],
      },
    ]);
    await bench.up();
  });

  afterAll(() => bench?.close());

  it('doesn’t know another namespace’s service by its bare name', async () => {
    expect(await fromOrders('ledger', 5432)).toMatch(/^(EAI_AGAIN|ENOTFOUND)$/);
  });

  it('doesn’t reach a listener of another instance of the mesh', async () => {
    const others = bench.listeners().filter(({ host }) => host !== bench.placements[0]?.outboundHost);
    expect(others.length).toBeGreaterThan(0);
    for (const { host, port } of others) expect(await fromOrders(host, port)).toBe('ECONNREFUSED');
  });

  it('reaches the right one of three peers that share a port', async () => {
    expect(await fromOrders('db', 5432)).toBe('this is db:5432');
    expect(await fromOrders('cache', 5432)).toBe('this is cache:5432');
    expect(await fromOrders('ledger.billing', 5432)).toBe('this is ledger:5432');
  });

  it('reaches a peer’s second port, below 1024, without a privilege', async () => {
    expect(await fromOrders('ledger.billing', 81)).toBe('this is ledger:81');
  });

  it('knows a peer by the four names that Kubernetes gives it, and by its address', async () => {
    for (const name of ['db', 'db.shop', 'db.shop.svc', 'db.shop.svc.cluster.local', '10.96.0.11']) {
      expect(await fromOrders(name, 5432), name).toBe('this is db:5432');
    }
  });

  it('is seen by its sidecar under the address that the placement names', async () => {
    const before = bench.visits.length;
    await fromOrders('db', 5432);
    const [address] = bench.placements[0]?.allowedOutboundPeers ?? [];
    expect(bench.visits.slice(before)).toEqual([`orders-0 → db:5432 from ${address}`]);
  });

  it('gets the variables of the process runtime, leading to names', async () => {
    expect(await variable('GREENROOM_ADDR_DB_5432')).toBe('db.shop:5432');
    expect(await variable('DATABASE')).toBe('pg://db.shop:5432/x');
    expect(await variable('PORT')).toBe('8080');
    expect(await variable('HTTP_PROXY')).toBe('undefined');
  });

  it('answers our own process at the address that the placement names', async () => {
    for (const { upstreams } of bench.placements) {
      for (const { host, upstreamPort } of upstreams.slice(0, 1))
        expect(await knock(host, upstreamPort)).toBe('ping');
    }
  });
});
