/** A mesh of so many peers that its outbound listeners don't fit on one address. */
import { once } from 'node:events';
import net from 'node:net';
import { expect, it } from 'vitest';
import type { Instance, Workload } from '../../../../model/mesh.ts';
import { outboundHosts } from '../../../../mesh/runtimes/process/outbound-hosts.ts';

function mesh(size: number): { instance: Instance; workload: Workload }[] {
  return Array.from({ length: size }, (_, index) => {
    const instance = { id: `s${index}-0`, workload: `s${index}`, podIp: `10.244.${index + 1}.1` };
    const ports = [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }];
    return { instance, workload: { id: `s${index}`, ports, instances: [instance] } as unknown as Workload };
  });
}

it('a mesh of sixty is on 127.0.0.1', async () => {
  const instances = mesh(60);
  const hostOf = await outboundHosts(instances);
  expect(new Set(instances.map(({ instance }) => hostOf(instance)))).toEqual(new Set(['127.0.0.1']));
});

it.runIf(process.platform === 'linux')(
  'a mesh of a hundred has an address an instance, all loopback',
  async () => {
    const instances = mesh(100);
    const hostOf = await outboundHosts(instances);
    const hosts = instances.map(({ instance }) => hostOf(instance));
    expect(new Set(hosts).size).toBe(100);
    expect(hosts[2]).toBe('127.244.3.1');
    const server = net.createServer((socket) => socket.end()).listen(0, hosts[2]);
    await once(server, 'listening');
    const { address, port } = server.address() as net.AddressInfo;
    const caller = net.connect({ host: address, port });
    await once(caller, 'connect');
    expect(caller.remoteAddress).toBe('127.244.3.1');
    expect(caller.localAddress).toMatch(/^127\./);
    caller.destroy();
    server.close();
    await once(server, 'close');
  },
);
