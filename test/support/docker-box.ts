/** One image for most docker tests: node, busybox and nft, so that a service may try anything, as root. */
import { dockerCli, dockerExec } from './docker-cli.ts';
import { buildNodeImage } from './docker-images.ts';

export const BOX = 'greenroom-test-box:latest';

/** Echoes what it is sent; says what it does; ends in order when asked to. */
export const ECHO_SERVICE = [
  'node',
  '-e',
  `for (const name in process.env) {
     if (!name.startsWith('PORT_')) continue;
     const server = require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket));
     server.listen(Number(process.env[name]), '0.0.0.0', () => console.log('listening on ' + process.env[name]));
   }
   process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(0); });`,
] as const;

/** A project file of one container, `orders`, which echoes. */
export function echoProject(name: string): string {
  const orders = { image: BOX, command: ECHO_SERVICE, ports: [{ name: 'tcp', port: 80, targetPort: 8080 }] };
  return JSON.stringify({
    apiVersion: 'greenroom.dev/v1',
    kind: 'Mesh',
    metadata: { name },
    spec: { namespace: 'shop', services: { orders } },
  });
}

export async function buildBox(): Promise<void> {
  await buildNodeImage(BOX, { programs: ['/usr/bin/busybox', '/usr/sbin/nft'] });
}

/** A container of nobody's session that does nothing; with options of `docker run`. */
export async function startSleeper(name: string, ...options: string[]): Promise<void> {
  await dockerCli('run', '--detach', '--name', name, ...options, BOX, 'busybox', 'sleep', '9999');
}

/** What a TCP connection from inside a container met: the first bytes (an echo says `ping`), or the error's code. */
export async function dial(container: string, host: string, port: number): Promise<string> {
  return (await dockerExec(container, 'node', '-e', dialer(host, port))).output;
}

/** The same from a container without rules, on the engine's default bridge or another network: the positive control. */
export function dialFromAnywhere(host: string, port: number, network = 'bridge'): Promise<string> {
  return dockerCli('run', '--rm', '--network', network, BOX, 'node', '-e', dialer(host, port));
}

/** Sends one datagram. */
export function datagram(host: string, port: number, text: string): string[] {
  const script = `const socket = require('dgram').createSocket('udp4');
    socket.send(${JSON.stringify(text)}, ${port}, ${JSON.stringify(host)}, (error) => { console.log(error ? error.code : 'sent'); socket.close(); });`;
  return ['node', '-e', script];
}

function dialer(host: string, port: number): string {
  return `const socket = require('net').connect({ host: ${JSON.stringify(host)}, port: ${port} });
    const end = (text) => { console.log(text); process.exit(0); };
    let met = 'silence';
    socket.setTimeout(2000, () => end(met));
    socket.on('connect', () => { met = 'connected'; socket.write('ping'); });
    socket.on('error', (error) => end(error.code));
    socket.on('data', (data) => end(data.toString().trim()));
    socket.on('end', () => end('closed'));`;
}
