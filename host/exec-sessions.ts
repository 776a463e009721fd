/**
 * Commands that windows and other commands of the user run in containers: their output waits here, bounded, until it is
 * asked for. One that nobody asks any more is ended: its caller is gone.
 */
import { randomUUID } from 'node:crypto';
import type { ExecOutput } from '../bridge/contract.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Session } from '../mesh/session.ts';
import type { ExecRequest, ExecStream, TerminalSize } from '../mesh/runtimes/exec.ts';

const WAIT_MS = 10_000;
/** Longer than any wait: a caller that lives has asked again by then. */
const FORGOTTEN_MS = 30_000;
const MOST_BYTES = 256 * 1024;

export class ExecSessions {
  readonly #session: Pick<Session, 'exec'>;
  readonly #running = new Map<string, RunningExec>();

  constructor(session: Pick<Session, 'exec'>) {
    this.#session = session;
  }

  /** Its id, by which the other calls know it. */
  async start(instance: string, request: ExecRequest): Promise<string> {
    const stream = await this.#session.exec(instance, request);
    const id = randomUUID();
    this.#running.set(id, new RunningExec(stream, () => this.#running.delete(id)));
    return id;
  }

  input(id: string, data: Buffer | null): void {
    const { stream } = this.#find(id);
    if (data === null) stream.end();
    else stream.write(data);
  }

  async resize(id: string, size: TerminalSize): Promise<void> {
    // A command that ended in the same moment has no terminal to be resized.
    await this.#find(id)
      .stream.resize(size)
      .catch(() => undefined);
  }

  async output(id: string): Promise<ExecOutput> {
    return await this.#find(id).output();
  }

  end(id: string): void {
    this.#running.get(id)?.end();
  }

  close(): void {
    for (const exec of this.#running.values()) exec.end();
  }

  #find(id: string): RunningExec {
    const exec = this.#running.get(id);
    if (exec) return exec;
    throw new EnvironmentError('exec-over', 'this command is over, or nobody asked for its output any more');
  }
}

class RunningExec {
  readonly stream: ExecStream;
  readonly #forget: () => void;
  #chunks: { stream: 'stdout' | 'stderr'; base64: string }[] = [];
  #bytes = 0;
  #over = false;
  #code: number | null = null;
  #wake: () => void = () => undefined;
  #forgotten: NodeJS.Timeout | null = null;

  constructor(stream: ExecStream, forget: () => void) {
    this.stream = stream;
    this.#forget = forget;
    stream.onOutput((name, chunk) => {
      if (this.#over) return;
      this.#chunks.push({ stream: name, base64: chunk.toString('base64') });
      this.#bytes += chunk.length;
      if (this.#bytes >= MOST_BYTES) stream.pause();
      this.#wake();
    });
    const over = (code: number): void => {
      this.#code = code;
      this.#wake();
    };
    stream.exited.then(over, () => over(-1));
    this.#watchCaller();
  }

  async output(): Promise<ExecOutput> {
    this.#watchCaller();
    if (this.#chunks.length === 0 && this.#code === null) await this.#something();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    this.stream.resume();
    // Told with the last of its output, and only once: then there is nothing left to ask for.
    if (this.#code !== null) this.end();
    return { chunks, exitCode: this.#code };
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#forgotten) clearTimeout(this.#forgotten);
    this.stream.close();
    this.stream.resume();
    this.#chunks = [];
    this.#forget();
    this.#wake();
  }

  async #something(): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, WAIT_MS).unref();
      this.#wake = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  #watchCaller(): void {
    if (this.#forgotten) clearTimeout(this.#forgotten);
    this.#forgotten = setTimeout(() => this.end(), FORGOTTEN_MS).unref();
  }
}
