/**
 * `ide`, a program that a test starts as a developer would, with nothing but its environment file; and `box`, which the
 * runtime starts. Each calls the other at `/call/…` (by its URL) and `/proxied/…` (by its name, through HTTP_PROXY), and
 * answers everything else itself. Policies let each through at `/open` alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Session } from '../../mesh/session.ts';
import type { Mesh, Workload } from '../../model/mesh.ts';
import type { InstanceState } from '../../model/session-state.ts';
import { policies } from './policies.ts';
import { sampleMesh } from './sample-mesh.ts';

function program(own: string, peer: string): string {
  const ways = `{ call: process.env.GREENROOM_URL_${peer.toUpperCase()}, proxied: 'http://${peer}.shop' }`;
  return `require('http').createServer((request, response) => {
    const [, way, path] = /^\\/(call|proxied)(\\/.*)/.exec(request.url) ?? [];
    if (way === undefined) return response.end('this is ${own}');
    fetch(${ways}[way] + path).then(
      async (answer) => { response.writeHead(answer.status); response.end(await answer.text()); },
      (error) => { response.writeHead(599); response.end(String(error.cause?.code ?? error)); });
  }).listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));`;
}

const only = (to: string, from: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${to}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${to} } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/${from}] } }]
      to: [{ operation: { paths: [/open] } }]
`;

/** `ide` is attached to a port of loopback; `run`: what `box` has besides its command. */
export function attachedPair(port: number, run: Partial<Workload['run']> = {}): Mesh {
  return sampleMesh(
    [
      {
        name: 'ide',
        run: {
          command: null,
          attach: `127.0.0.1:${port}`,
          environment: { GREETING: 'it\'s a \\n "plain" day' },
        },
      },
      { name: 'box', run: { ...run, command: ['node', '-e', program('box', 'ide')] } },
    ],
    { policies: policies(`${only('ide', 'box')}---\n${only('box', 'ide')}`) },
  );
}

/** Starts `ide` with its environment file and nothing else of this process. */
export function startAttached(
  environmentFile: string,
  more: Readonly<Record<string, string>> = {},
): ChildProcess {
  const env = { ...parseEnv(readFileSync(environmentFile, 'utf8')), ...more };
  return spawn(process.execPath, ['-e', program('ide', 'box')], { env, stdio: 'inherit' });
}

export async function endAttached(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

export function stateOf(session: Session, instance: string): InstanceState {
  const instances = session.state().workloads.flatMap((workload) => workload.instances);
  const found = instances.find(({ id }) => id === instance);
  if (found === undefined) throw new Error(`there is no ${instance}`);
  return found;
}

/** `200 this is box`: what is answered at a path of an application, past its sidecar. */
export async function ask(session: Session, instance: string, path: string): Promise<string> {
  const at = session.applicationAddress(instance, 8080);
  if (at === null) throw new Error(`there is no ${instance}`);
  const answer = await fetch(`http://${at.host}:${at.port}${path}`, { headers: { connection: 'close' } });
  return `${answer.status} ${await answer.text()}`;
}
