/**
 * Runs inside a container (`node --input-type=module-typescript -e <this file> <targets as JSON>`): tries every target and
 * prints what each met, as JSON. It needs nothing but Node, so it is sent as text.
 */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';

interface Target {
  by: 'tcp' | 'udp' | 'name' | 'ping';
  host: string;
  port: number;
  /** Hexadecimal; what is sent. */
  payload: string;
}

const PATIENCE_MS = 2_000;
const targets = JSON.parse(process.argv[1] ?? '[]') as Target[];

/** `answered` = bytes came back; `connected` = a handshake and no more; otherwise the error's code, or `silence`. */
function tcp({ host, port, payload }: Target): Promise<string> {
  return new Promise((resolve) => {
    let met = 'silence';
    const socket = connect({ host, port, autoSelectFamily: false });
    const end = (text: string): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(PATIENCE_MS, () => end(met));
    socket.on('connect', () => {
      met = 'connected';
      socket.write(Buffer.from(payload, 'hex'));
    });
    socket.on('data', () => end('answered'));
    socket.on('end', () => end(met));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(met === 'connected' ? met : (error.code ?? error.message)),
    );
  });
}

function udp({ host, port, payload }: Target): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => end('silence'), PATIENCE_MS);
    const end = (text: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(text);
    };
    socket.once('message', () => end('answered'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.send(Buffer.from(payload, 'hex'), port, host);
  });
}

async function name({ host }: Target): Promise<string> {
  try {
    await lookup(host);
    return 'answered';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function ping({ host }: Target): Promise<string> {
  return new Promise((resolve) => {
    execFile('/usr/bin/busybox', ['ping', '-c', '1', '-w', '2', host], (error) =>
      resolve(error === null ? 'answered' : 'silence'),
    );
  });
}

const PROBES = { tcp, udp, name, ping };
console.log(JSON.stringify(await Promise.all(targets.map((target) => PROBES[target.by](target)))));
