/** What variables hold, as Compose has them: in this process's environment, or else in env files. Kept nowhere. */
import { existsSync } from 'node:fs';
import type { VariableSource } from '../model/container.ts';
import { EnvironmentError } from '../model/environment-error.ts';
import { runPluginOn } from './compose-plugin.ts';

/** Others can't be written as `${NAME}`. */
const NAME = /^[a-z_]\w*$/i;
const KEY = 'x-values';

/**
 * Of each that is set. The plugin reads the env files, with their quotes, `${…}` and order; it is asked once for each
 * list of them, and only for what the environment lacks.
 * @throws EnvironmentError `env-files-refused`, or `no-compose`
 */
export async function variableValues<T extends VariableSource>(
  sources: readonly T[],
): Promise<Map<T, string>> {
  const values = new Map<T, string>();
  const elsewhere = new Map<string, { envFiles: string[]; wanted: T[] }>();
  for (const source of sources) {
    const ours = process.env[source.variable];
    if (ours !== undefined) {
      values.set(source, ours);
      continue;
    }
    const envFiles = (source.envFiles ?? []).filter((file) => existsSync(file));
    if (envFiles.length === 0 || !NAME.test(source.variable)) continue;
    const list = elsewhere.get(envFiles.join('\0')) ?? { envFiles, wanted: [] };
    elsewhere.set(envFiles.join('\0'), list);
    list.wanted.push(source);
  }
  for (const { envFiles, wanted } of elsewhere.values()) {
    const found = await fromEnvFiles(
      wanted.map(({ variable }) => variable),
      envFiles,
    );
    wanted.forEach((source, index) => {
      const value = found[index];
      if (value !== undefined) values.set(source, value);
    });
  }
  return values;
}

/** In the order of the names; undefined = set by none of the files. */
async function fromEnvFiles(
  names: readonly string[],
  envFiles: readonly string[],
): Promise<(string | undefined)[]> {
  const document = {
    name: 'values',
    services: { none: { image: 'none' } },
    // The plugin interpolates texts wherever they are; a mark before the value tells an empty one from none.
    [KEY]: names.map((name) => `\${${name}+=}\${${name}-}`),
  };
  const { code, stdout } = await runPluginOn(JSON.stringify(document), envFiles);
  if (code !== 0)
    // Its own words may quote a line of them, which may be a secret.
    throw new EnvironmentError('env-files-refused', `docker compose doesn't read ${envFiles.join(', ')}`, {
      hint: 'docker compose config says why',
    });
  const { [KEY]: texts } = JSON.parse(stdout) as { [KEY]: string[] };
  // It doubles every `$`, so that its output could be a Compose file again.
  return texts.map((text) => (text.startsWith('=') ? text.slice(1).replaceAll('$$', '$') : undefined));
}
