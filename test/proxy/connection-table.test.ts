import type { Socket } from 'node:net';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ConnectionTable, endpointsOf, Hop, plainAddress } from '../../proxy/connection-table.ts';

const ends = { remoteAddress: '127.0.0.1', remotePort: 5000, localAddress: '127.0.0.1', localPort: 80 };
/** The connecting side of `ends`. */
function socket(): Socket {
  const other = {
    localAddress: '::ffff:127.0.0.1',
    localPort: 5000,
    remoteAddress: '127.0.0.1',
    remotePort: 80,
  };
  return Object.assign(new EventEmitter(), other) as unknown as Socket;
}

describe('who a connection is', () => {
  it('nobody, when nobody registered it', () => {
    expect(new ConnectionTable().lookUp(ends)).toBeNull();
  });

  it('a hop is known by both its ends, and no longer than it lives', () => {
    const table = new ConnectionTable();
    const hop = socket();
    table.registerHop(hop, new Hop({ ip: '10.244.0.1', instance: 'web-0', tag: null }));
    expect(table.lookUp(ends)).toMatchObject({ instance: 'web-0' });
    expect(table.lookUp({ ...ends, localPort: 81 })).toBeNull();
    hop.emit('close');
    expect(table.lookUp(ends)).toBeNull();
  });

  it('a declared source is known until its connection closed', () => {
    const table = new ConnectionTable();
    table.declare({ localAddress: '127.0.0.1', localPort: 5000, ip: '10.9.9.9', tag: 'run/a/1' });
    expect(table.lookUp(ends)).toEqual({ ip: '10.9.9.9', instance: null, tag: 'run/a/1' });
    table.forget(ends);
    expect(table.lookUp(ends)).toBeNull();
  });

  it('outlives the end of an earlier connection from the same port to another listener', () => {
    const table = new ConnectionTable();
    table.declare({ localAddress: '127.0.0.1', localPort: 5000, ip: '10.9.9.8', tag: 'first' });
    expect(table.lookUp({ ...ends, localPort: 81 })).toMatchObject({ tag: 'first' });
    table.declare({ localAddress: '127.0.0.1', localPort: 5000, ip: '10.9.9.9', tag: 'second' });
    table.forget({ ...ends, localPort: 81 });
    expect(table.lookUp(ends)).toMatchObject({ tag: 'second' });
    expect(table.lookUp({ ...ends, localPort: 81 })).toBeNull();
  });

  it('forgets the oldest of too many declarations that never connected', () => {
    const table = new ConnectionTable();
    for (let port = 1; port <= 10_001; port += 1)
      table.declare({ localAddress: '127.0.0.1', localPort: port, ip: '10.9.9.9', tag: null });
    expect(table.lookUp({ ...ends, remotePort: 1 })).toBeNull();
    expect(table.lookUp({ ...ends, remotePort: 10_001 })).not.toBeNull();
  });

  it('an IPv4 address in IPv6 clothes is the IPv4 address', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(endpointsOf(socket()).localAddress).toBe('127.0.0.1');
  });
});
