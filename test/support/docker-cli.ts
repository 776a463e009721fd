/**
 * The engine seen from outside, by its own command line: tests don't believe what our runtime says of itself.
 * Never synchronous: the listeners that containers dial live in the test's own process.
 */
import { execFile } from 'node:child_process';

export interface Ended {
  code: number;
  output: string;
}

/** How a `docker` command ended, with both of its outputs. */
export function dockerTry(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile('docker', args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** What a `docker` command printed; rejects where it fails. */
export async function dockerCli(...args: string[]): Promise<string> {
  const { code, output } = await dockerTry(...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${output}`);
  return output;
}

/** How a command inside a container ended. */
export function dockerExec(container: string, ...command: string[]): Promise<Ended> {
  return dockerTry('exec', container, ...command);
}

/** Names of all containers, networks and volumes, running or not; with a label, or of the whole engine. */
export async function inEngine(label?: string): Promise<string[]> {
  const filter = label === undefined ? [] : ['--filter', `label=${label}`];
  const names = await Promise.all([
    dockerCli('ps', '--all', ...filter, '--format', '{{.Names}}'),
    dockerCli('network', 'ls', ...filter, '--format', '{{.Name}}'),
    dockerCli('volume', 'ls', ...filter, '--format', '{{.Name}}'),
  ]);
  return names
    .flatMap((text) => text.split('\n'))
    .filter(Boolean)
    .sort();
}
