/** Docker's own Compose plugin: merges, interpolates and checks Compose files. Needs no engine. */
import { spawn } from 'node:child_process';
import { closest } from '../model/closest.ts';
import { FILE_KEYS, SERVICE_KEYS } from '../model/compose/compose-keys.ts';
import type { ComposeSource } from '../model/compose/compose-source.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import type { Position, Problem } from '../model/problem.ts';

/** What a project says of its Compose files, absolute. */
export interface ComposeFiles {
  /** The last one has the last word. */
  files: readonly string[];
  profiles: readonly string[];
  envFiles: readonly string[];
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * `docker compose config` over these files; a refusal is an outcome.
 * @throws EnvironmentError `no-compose` where the plugin isn't there
 */
export function runPlugin({ files, profiles, envFiles }: ComposeFiles): Promise<Ended> {
  const options = [
    ...files.flatMap((file) => ['--file', file]),
    ...profiles.flatMap((profile) => ['--profile', profile]),
    ...envFiles.flatMap((file) => ['--env-file', file]),
  ];
  return config(options, '');
}

/**
 * The same over one document that is no file.
 * @throws EnvironmentError `no-compose`
 */
export function runPluginOn(document: string, envFiles: readonly string[]): Promise<Ended> {
  return config(['--file', '-', ...envFiles.flatMap((file) => ['--env-file', file])], document);
}

function config(options: readonly string[], input: string): Promise<Ended> {
  const args = ['compose', ...options, 'config', '--format', 'json'];
  return new Promise((done, reject) => {
    const child = spawn('docker', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // One that isn't there, or refuses at once, closes it before it has read.
    child.stdin.on('error', () => undefined).end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (cause) => reject(noPlugin(cause.message, cause)));
    child.once('close', (code) => {
      if (
        /not a docker command|unknown (docker )?command|unknown flag: --file|unknown shorthand flag/.test(
          stderr,
        )
      )
        reject(noPlugin(firstLine(stderr), undefined));
      else done({ code, stdout, stderr });
    });
  });
}

function noPlugin(why: string, cause: unknown): EnvironmentError {
  return new EnvironmentError(
    'no-compose',
    `Compose files are read by docker's compose plugin, which isn't here: ${why}`,
    {
      hint: 'install it (docs.docker.com/compose/install), or declare the services in greenroom.yaml',
      cause,
    },
  );
}

/** Why the plugin refused, in its own words: it names keys, not lines. */
export function refusals(stderr: string, source: ComposeSource): Problem[] {
  const text = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('level=warning'))
    .join(' ')
    .replaceAll(`${process.cwd()}/`, '');
  const unknown = unknownKeys(text, source);
  if (unknown.length > 0) return unknown;
  const named =
    /services\.([\w.-]+)/.exec(text)?.[1]?.split('.') ?? /service "([\w.-]+)"/.exec(text)?.slice(1) ?? [];
  const at = source.serviceKey(named[0] ?? '', named.slice(1));
  const line = /line (\d+)/.exec(text)?.[1];
  return [
    refused(
      text,
      named.length === 0 && line !== undefined ? { ...at, line: Number(line), column: 1 } : at,
      null,
    ),
  ];
}

/** `services.web additional properties 'a', 'b' not allowed`: each at its own place. */
function unknownKeys(text: string, source: ComposeSource): Problem[] {
  const found = /^(.*?: )(\S*) additional properties ((?:'[^']*'(?:, )?)+) not allowed/.exec(text);
  if (found === null) return [];
  const [, before = '', holder = '', list = ''] = found;
  const path = holder === '' ? [] : holder.split('.');
  return [...list.matchAll(/'([^']*)'/g)].map(([, key = '']) => {
    const at =
      path[0] === 'services'
        ? source.serviceKey(path[1] ?? '', [...path.slice(2), key])
        : source.entry([...path, key]);
    const words = `${before}${holder}${holder === '' ? '' : ' '}additional properties '${key}' not allowed`;
    return refused(words, at, closest(key, keysAt(path)));
  });
}

/** What Compose knows at a place: of a service, of a part of it, or of the file. */
function keysAt(path: readonly string[]): string[] {
  if (path.length === 0) return ['services', ...FILE_KEYS.map(({ key }) => key)];
  if (path[0] !== 'services') return [];
  const prefix = path
    .slice(2)
    .map((part) => `${part}.`)
    .join('');
  return SERVICE_KEYS.flatMap(({ key }) =>
    key.startsWith(prefix) ? [key.slice(prefix.length).split('.', 1)[0] ?? ''] : [],
  );
}

function refused(words: string, at: Position, meant: string | null): Problem {
  return {
    code: 'compose-refused',
    severity: 'error',
    message: `docker compose refuses this: ${words}`,
    at,
    ...(meant === null ? {} : { hint: `did you mean ${meant}?` }),
  };
}

/** What the plugin warns of where it goes on: a variable that isn't set, a key that it ignores. */
export function pluginWarnings(stderr: string, source: ComposeSource): Problem[] {
  return stderr.split('\n').flatMap((line): Problem[] => {
    const quoted = /level=warning msg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
    if (quoted === undefined) return [];
    const message = unquoted(quoted).replaceAll(`${process.cwd()}/`, '');
    const variable = /^The "(\w+)" variable/.exec(message)?.[1];
    const key = /attribute `(\w+)`/.exec(message)?.[1];
    const at =
      variable === undefined ? source.entry(key === undefined ? [] : [key]) : source.variable(variable);
    return [{ code: 'compose-warning', severity: 'warning', message: `docker compose: ${message}`, at }];
  });
}

/** A Go string is a JSON string, but for a few escapes that nobody writes into a Compose file. */
function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
