/**
 * An engine behind `ssh`: each connection is `ssh … docker system dial-stdio` over there, as docker's own command line
 * has it, so keys, agents, jump hosts and known hosts are those of the user's ssh. Connections are kept and used again,
 * since each costs a handshake. An ssh ends when its pipes close: also when we are killed.
 */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

export interface SshDestination {
  host: string;
  user: string | null;
  port: string | null;
  /** The engine's socket over there; null = what its own `docker` uses. */
  socket: string | null;
}

const KEPT_OF_STDERR = 2_000;
/** Connections that are kept when nothing is asked, and for how long. */
const KEPT_CONNECTIONS = 4;
const KEPT_MS = 5_000;

/** What an `ssh://` address names. Throws where it isn't one; a password is never repeated. */
export function sshDestination(url: string): SshDestination {
  const address = URL.parse(url);
  if (address === null || address.hostname === '') throw new Error('ssh:// needs a host');
  if (address.password !== '') throw new Error('ssh:// takes no password; use a key');
  if (address.search !== '' || address.hash !== '') throw new Error('ssh:// takes no query and no fragment');
  const socket = address.pathname.length > 1 ? address.pathname : null;
  // It goes through the shell over there.
  if (socket !== null && !/^[\w./-]+$/.test(socket))
    throw new Error('the path of an ssh:// address may hold letters, digits and . _ - / only');
  return {
    host: address.hostname.replaceAll(/[[\]]/g, ''),
    user: address.username === '' ? null : decodeURIComponent(address.username),
    port: address.port === '' ? null : address.port,
    socket,
  };
}

/** The words after `ssh`. */
export function sshArguments({ host, user, port, socket }: SshDestination): string[] {
  return [
    '-o',
    'ConnectTimeout=30',
    '-T',
    ...(user === null ? [] : ['-l', user]),
    ...(port === null ? [] : ['-p', port]),
    '--',
    host,
    'docker',
    ...(socket === null ? [] : ['--host', `unix://${socket}`]),
    'system',
    'dial-stdio',
  ];
}

/** An agent whose connections are ssh's. */
export function sshAgent(destination: SshDestination): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS });
  agent.createConnection = () => new SshConnection(sshArguments(destination));
  return agent;
}

/** One ssh as a connection; it fails with what ssh said. */
class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #idle: NodeJS.Timeout | undefined;

  constructor(args: readonly string[]) {
    super();
    // In a session of its own: Ctrl-C stops us, and we still need the engine to remove what we made.
    this.#child = spawn('ssh', [...args], { stdio: 'pipe', detached: true, windowsHide: true });
    let said = '';
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (data: Buffer) => {
      if (!this.push(data)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_OF_STDERR)));
    stdin.on('error', () => undefined);
    this.#child.once('error', (error) => this.destroy(error));
    this.#child.once('close', (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(`ssh ended with ${code}: ${said.trim() || 'it said nothing'}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle);
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.kill();
    done(error);
  }

  // What an agent asks of a socket that it keeps.
  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  /** It is used again. */
  ref(): this {
    clearTimeout(this.#idle);
    this.#held((part) => part.ref());
    return this;
  }

  /** Nothing is asked over it now. */
  unref(): this {
    this.#held((part) => part.unref());
    this.#idle = setTimeout(() => this.destroy(), KEPT_MS).unref();
    return this;
  }

  #held(act: (part: ChildProcess | Socket) => unknown): void {
    act(this.#child);
    // They are sockets, which their types don't say.
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr])
      if (pipe instanceof Socket) act(pipe);
  }
}
