/**
 * The mesh in a process of its own, for the desktop app: Electron's Node links another TLS library, and a rehearsal
 * on that one would say nothing about OpenSSL. It is started with the project's folder and a pipe on descriptor 3,
 * speaks the bridge over it, one frame a line, and stops everything when the pipe closes.
 */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EnvironmentError } from '../model/environment-error.ts';
import { messageOf } from '../model/message-of.ts';
import { formatProblem, hasErrors } from '../model/problem.ts';
import { ComposeMemory } from '../mesh/compose-memory.ts';
import { defaultDataDir } from '../mesh/data-dir.ts';
import { loadProject } from '../mesh/load-project.ts';
import { startSession } from '../mesh/start-session.ts';
import { controlPath } from '../mesh/session-file.ts';
import { attachWindow } from './attach-window.ts';
import { serveControl } from './control-socket.ts';
import { createHost } from './host.ts';

const PIPE = 3;

async function main(project: string): Promise<void> {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true });
  const stopped = new AbortController();
  const gone = new Promise<void>((resolve) => {
    pipe.on('close', resolve).on('error', () => resolve());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  void gone.then(() => stopped.abort());

  const compose = new ComposeMemory();
  const { value: mesh, problems } = await loadProject(project, { compose });
  if (mesh === null || hasErrors(problems))
    throw new EnvironmentError('project-not-read', problems.map(formatProblem).join('\n'));
  const session = await startSession({
    mesh,
    runtime: 'process',
    dataDir: defaultDataDir(),
    signal: stopped.signal,
    watch: 'policies',
    reload: async () => await loadProject(mesh.root, { compose }),
  });
  try {
    const host = createHost(session);
    const control = await serveControl(host, controlPath(defaultDataDir(), session.id)).catch(
      (error: unknown) => {
        process.stderr.write(`${messageOf(error)}\n`);
        return null;
      },
    );
    const lines = createInterface({ input: pipe, crlfDelay: Number.POSITIVE_INFINITY });
    const detach = attachWindow(host, {
      send: (text) => void pipe.write(`${text}\n`),
      onMessage: (sink) => void lines.on('line', sink),
    });
    await gone;
    detach();
    await control?.close();
    host.close();
  } finally {
    await session.stop();
    pipe.destroy();
  }
}

main(process.argv[2] ?? '.').catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 3;
});
