/**
 * The table of what no contained service may reach, whatever driver contains it. Each row says from where the same
 * probe succeeds, so that a failure inside means something.
 */
import { FIRST_PORT } from '../../../mesh/runtimes/docker/relay/relay-files.ts';
import { DECOY_PORT, HOST6, INTERNET, METADATA, type Outside, type Scene } from './scene.ts';

export interface Target {
  by: 'tcp' | 'udp' | 'name' | 'ping';
  host: string;
  port: number;
  payload: string;
}

export interface Row {
  what: string;
  target: Target;
  /** Where the control runs. */
  control: Outside;
  /** The least that the control must meet: a sidecar hangs up on strangers without a word. */
  meets: 'answered' | 'connected';
  /** By which counter its refusal is seen; null = it ends in the container: at a loopback, for want of a route or of a raw socket. */
  counted: 'tcp' | 'udp' | 'dns' | null;
}

/** A word, so that an echo has something to say. */
const CALL = Buffer.from('ping').toString('hex');
/** RFC 1035: a recursive question for `leak.example`, type A. */
const QUESTION =
  '67720100000100000000000004' + Buffer.from('leak').toString('hex') + '076578616d706c650000010001';
/** The same over TCP, with its length in front. */
const FRAMED = (QUESTION.length / 2).toString(16).padStart(4, '0') + QUESTION;
const RESOLVER = '127.0.0.11';

/** Every attempt of one instance of the first session. */
export function forbiddenTo(scene: Scene, instance: string): Row[] {
  return [
    ...otherContainers(scene, instance),
    ...host(scene),
    ...sidecars(scene),
    ...relays(scene),
    ...beyond(),
    ...names(scene),
  ];
}

function otherContainers({ first, pods: all, decoy }: Scene, instance: string): Row[] {
  const pods = all
    .filter((pod) => pod.session !== first || pod.instance !== instance)
    .map((pod) => row(`${pod.instance}’s own port`, call(pod.address, 8080), pod.sidecarAt, 'tcp'));
  return [
    ...pods,
    row('somebody’s container', call(decoy.address, DECOY_PORT), 'elsewhere', 'tcp'),
    row('somebody’s container', udp(decoy.address, DECOY_PORT), 'elsewhere', 'udp'),
    row('somebody’s container', { by: 'ping', host: decoy.address, port: 0, payload: '' }, 'elsewhere', null),
  ];
}

function host({ hostAddresses, ports }: Scene): Row[] {
  const all = [...ports.v4, ...ports.both];
  return [
    ...hostAddresses.flatMap((address) => [
      ...all.map((port) => row('the host', call(address, port), 'bridge', 'tcp')),
      ...all.map((port) => row('the host', udp(address, port), 'bridge', 'udp')),
      row('the host', { by: 'ping', host: address, port: 0, payload: '' }, 'bridge', null),
    ]),
    ...all.map((port) => row('the host’s loopback', call('127.0.0.1', port), 'host', null)),
    ...all.map((port) => row('the host’s loopback', udp('127.0.0.1', port), 'host', null)),
    ...ports.both.map((port) => row('the host by IPv6', call(HOST6, port), 'elsewhere', null)),
    ...ports.both.map((port) => row('the host by IPv6', udp(HOST6, port), 'elsewhere', null)),
  ];
}

/** By their own addresses: not the way that a peer's address leads. */
function sidecars({ first, second }: Scene): Row[] {
  return [first, second].flatMap((session) =>
    session.listeners().map(({ instance, direction, host: at, port }): Row => {
      const what = `the ${direction} listener of ${instance} of ${session === first ? 'this' : 'another'} Greenroom`;
      const loopback = at === '127.0.0.1';
      return {
        ...row(what, call(at, port), loopback ? 'host' : 'bridge', loopback ? null : 'tcp'),
        meets: 'connected',
      };
    }),
  );
}

/** Past the addresses of peers: who knocks there directly hides whom it means. */
function relays(scene: Scene): Row[] {
  return scene.relays.flatMap((address) =>
    [FIRST_PORT, FIRST_PORT + 1].map(
      (port): Row => ({ ...row('a relay', call(address, port), 'host', 'tcp'), meets: 'connected' }),
    ),
  );
}

function beyond(): Row[] {
  return [
    row('the metadata service', call(METADATA, 80), 'bridge', 'tcp'),
    row('the internet', call(INTERNET, 443), 'bridge', 'tcp'),
    row('the internet by QUIC', udp(INTERNET, 443), 'bridge', 'udp'),
    row('a name server', { ...udp(INTERNET, 53), payload: QUESTION }, 'bridge', 'dns'),
    row('a name server', { ...call(INTERNET, 53), payload: FRAMED }, 'bridge', 'dns'),
    row('the engine’s resolver', { ...udp(RESOLVER, 53), payload: QUESTION }, 'elsewhere', 'dns'),
    // It hands the question on and gives up on our name server, which knows none by TCP.
    {
      ...row('the engine’s resolver', { ...call(RESOLVER, 53), payload: FRAMED }, 'elsewhere', 'dns'),
      meets: 'connected',
    },
  ];
}

function names({ decoy }: Scene): Row[] {
  return [
    row('a name outside', { by: 'name', host: 'leak.example', port: 0, payload: '' }, 'elsewhere', 'dns'),
    row('a container’s name', { by: 'name', host: decoy.name, port: 0, payload: '' }, 'elsewhere', 'dns'),
  ];
}

function row(what: string, target: Target, control: Outside, counted: Row['counted']): Row {
  return { what, target, control, meets: 'answered', counted };
}

/** A peer's only port. */
export function peerByName(service: string): Target {
  return call(service, 5432);
}

/** Says a word and waits for one. */
export function call(host: string, port: number): Target {
  return { by: 'tcp', host, port, payload: CALL };
}

function udp(host: string, port: number): Target {
  return { by: 'udp', host, port, payload: CALL };
}
