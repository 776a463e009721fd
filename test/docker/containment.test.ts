import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOX, buildBox, datagram, dial, dialFromAnywhere, ECHO_SERVICE } from '../support/docker-box.ts';
import { dockerCli, dockerExec } from '../support/docker-cli.ts';
import { dockerBench, knock, listen, type Bench, type Listener } from '../support/docker-mesh.ts';
import { describeWith } from '../support/requires.ts';

const IPV6_ON = ['net.ipv6.conf.all.disable_ipv6', '0'] as const;
const OTHER_NETWORK = `decoy-${process.pid}`;

describeWith('docker', 'a service in a pod', async () => {
  let bench: Bench;
  let everywhere: Listener;
  let everywhere6: Listener;
  const container = (instance: string) => bench.container(instance);
  const placement = (instance: string) => {
    const found = bench.placements.find((candidate) => candidate.instance === instance);
    if (!found) throw new Error(instance);
    return found;
  };

  beforeAll(async () => {
    await buildBox();
    everywhere = await listen('0.0.0.0', () => 'the host\n');
    everywhere6 = await listen('::', () => 'the host, by IPv6\n');
    await dockerCli('network', 'create', OTHER_NETWORK);
    bench = await dockerBench([
      { name: 'orders', image: BOX, command: ECHO_SERVICE, ports: [[5432, 8080]] },
      {
        name: 'six',
        image: BOX,
        command: ECHO_SERVICE,
        container: { sysctls: { [IPV6_ON[0]]: IPV6_ON[1] } },
      },
      { name: 'payments', namespace: 'billing', image: BOX, command: ECHO_SERVICE, ports: [[5432, 8080]] },
    ]);
    await bench.up();
  });

  afterAll(async () => {
    await bench?.close();
    await everywhere?.close();
    await everywhere6?.close();
    await dockerCli('network', 'rm', OTHER_NETWORK);
  });

  it('reaches no port of the host, at none of its addresses', async () => {
    const own = placement('orders-0').outboundHost;
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address);
    expect(addresses).toContain(own);
    expect(await dialFromAnywhere(own, everywhere.port), 'control: without rules it is reached').toBe(
      'the host',
    );
    expect(await dialFromAnywhere(own, everywhere6.port), 'control: without rules it is reached').toBe(
      'the host, by IPv6',
    );
    for (const address of addresses) {
      expect(await dial(container('orders-0'), address, everywhere.port), address).toBe('ECONNREFUSED');
      expect(await dial(container('orders-0'), address, everywhere6.port), address).toBe('ECONNREFUSED');
    }
  });

  it('reaches no listener of its sidecar past the peer address', async () => {
    const before = bench.visits.length;
    expect(await dial(container('orders-0'), 'payments.billing', 5432)).toBe('this is payments:5432');
    const [visit] = bench.visits.slice(before);
    expect(visit).toBe(`orders-0 → payments:5432 from ${placement('orders-0').allowedOutboundPeers[0]}`);
    for (const { port, host } of bench.listeners()) {
      expect(await dial(container('orders-0'), host, port), `${host}:${port}`).toBe('ECONNREFUSED');
    }
  });

  it('reaches no other container, and is reached by none', async () => {
    const other = placement('payments-0').upstreams[0];
    const own = placement('orders-0').upstreams[0];
    if (!other || !own) throw new Error('no upstream');
    const decoy = await dockerCli(
      'run',
      '--detach',
      '--rm',
      '--network',
      OTHER_NETWORK,
      BOX,
      'node',
      '-e',
      serving('decoy', 7070),
    );
    try {
      const address = await dockerCli(
        'inspect',
        '--format',
        `{{(index .NetworkSettings.Networks "${OTHER_NETWORK}").IPAddress}}`,
        decoy,
      );
      await expect
        .poll(() => dialFromAnywhere(address, 7070, OTHER_NETWORK), { timeout: 10_000 })
        .toBe('decoy');
      expect(await dial(container('orders-0'), address, 7070)).toBe('ECONNREFUSED');
      expect(await dial(container('orders-0'), other.host, other.upstreamPort)).toBe('ECONNREFUSED');
      expect(await knock(own.host, own.upstreamPort), 'control: our own process reaches it').toBe('ping');
      expect(await dial(decoy, own.host, own.upstreamPort)).toBe('silence');
    } finally {
      await dockerCli('rm', '--force', decoy);
    }
  });

  it('sends no datagram, neither to the host nor to the engine’s resolver', async () => {
    const received: string[] = [];
    const socket = createSocket('udp4', (message) => received.push(message.toString()));
    await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve));
    try {
      const own = placement('orders-0').outboundHost;
      const sent = await dockerExec(
        container('orders-0'),
        ...datagram(own, socket.address().port, 'from the pod'),
      );
      const resolver = await dockerExec(container('orders-0'), ...datagram('127.0.0.11', 53, 'a question'));
      await dockerCli('run', '--rm', BOX, ...datagram(own, socket.address().port, 'control'));
      await expect.poll(() => received).toContain('control');
      expect(received).toEqual(['control']);
      expect([sent.output, resolver.output]).toEqual(['EPERM', 'EPERM']);
    } finally {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
  });

  it('asks the engine’s resolver nothing over TCP either', async () => {
    expect(await dialFromAnywhere('127.0.0.11', 53, OTHER_NETWORK), 'control: it answers elsewhere').not.toBe(
      'ECONNREFUSED',
    );
    expect(await dial(container('orders-0'), '127.0.0.11', 53)).toBe('ECONNREFUSED');
  });

  it('reaches neither the metadata address, nor the internet, nor another port of a peer', async () => {
    expect(await dial(container('orders-0'), '169.254.169.254', 80)).toBe('ECONNREFUSED');
    expect(await dial(container('orders-0'), '192.0.2.1', 443)).toBe('ECONNREFUSED');
    expect(await dial(container('orders-0'), 'payments.billing', 5433)).toBe('ECONNREFUSED');
  });

  it('that turns IPv6 on reaches nothing by it, and that is counted', async () => {
    const { outboundHost } = placement('six-0');
    const [bridge] = Object.values(networkInterfaces()).filter((list) =>
      list?.some(({ address }) => address === outboundHost),
    );
    const local = bridge?.find(({ family }) => family === 'IPv6')?.address;
    if (local === undefined) throw new Error('the bridge has no link-local address');
    const host = `${local}%eth0`;
    const network = `greenroom-${bench.sessionId}-six-0`;
    const sysctl = `${IPV6_ON[0]}=${IPV6_ON[1]}`;
    const outside = await dockerCli(
      'run',
      '--detach',
      '--rm',
      '--network',
      network,
      '--sysctl',
      sysctl,
      BOX,
      'busybox',
      'sleep',
      '60',
    );
    try {
      await expect
        .poll(() => dial(outside, host, everywhere6.port), { timeout: 10_000 })
        .toBe('the host, by IPv6');
    } finally {
      await dockerCli('rm', '--force', outside);
    }
    const before = await bench.runtime.refusals('six-0');
    expect(await dial(container('six-0'), host, everywhere6.port)).toBe('ECONNREFUSED');
    const after = await bench.runtime.refusals('six-0');
    expect((after?.tcp ?? 0) - (before?.tcp ?? 0)).toBe(1);
  });

  it('has no IPv6 but loopback', async () => {
    expect(
      (await dockerExec(container('orders-0'), 'busybox', 'grep', '-v', ' lo$', '/proc/net/if_inet6')).output,
    ).toBe('');
  });

  it('as root can’t flush the rules, take the interface, add a route or open a raw socket', async () => {
    const own = placement('orders-0').outboundHost;
    for (const command of [
      ['nft', 'flush', 'ruleset'],
      ['nft', 'delete', 'table', 'inet', 'greenroom'],
      ['busybox', 'ip', 'addr', 'add', '10.1.1.1/24', 'dev', 'eth0'],
      ['busybox', 'ip', 'route', 'add', '1.1.1.1/32', 'via', own],
      ['busybox', 'ping', '-c', '1', '-w', '1', own],
      ['busybox', 'unshare', '-n', 'true'],
    ]) {
      const { code, output } = await dockerExec(container('orders-0'), ...command);
      expect(code, `${command.join(' ')}: ${output}`).not.toBe(0);
      expect(output).toMatch(/not permitted|permission denied/i);
    }
    expect((await dockerExec(container('orders-0'), 'busybox', 'id', '-u')).output).toBe('0');
    expect(await dial(container('orders-0'), own, everywhere.port)).toBe('ECONNREFUSED');
  });

  it('is measured: containment is full', async () => {
    expect(bench.runtime.containment).toBe('full');
  });
});

function serving(text: string, port: number): string {
  return `require('net').createServer((socket) => socket.on('error', () => {}).end(${JSON.stringify(`${text}\n`)})).listen(${port}, '0.0.0.0')`;
}
