/**
 * The result of `docker compose config` -> services of a project. Pure. What has no effect here is a warning with
 * the line in the user's own file; nothing is left out silently.
 */
import { hasErrors, type Parsed, type Problem } from '../problem.ts';
import type { ComposeConfig } from './compose-config.ts';
import { FILE_KEYS } from './compose-keys.ts';
import type { ComposeSource } from './compose-source.ts';
import { translateService, type ComposeService } from './translate-service.ts';

export function translateCompose(config: ComposeConfig, source: ComposeSource): Parsed<ComposeService[]> {
  const problems: Problem[] = fileProblems(config, source);
  const names = serviceNames(config, source, problems);
  const jobs = new Set(
    Object.values(config.services).flatMap(({ depends_on }) =>
      Object.entries(depends_on ?? {}).flatMap(([service, { condition }]) =>
        condition === 'service_completed_successfully' ? [service] : [],
      ),
    ),
  );
  const context = { whole: config, source, names, jobs, problems };
  const services = Object.keys(config.services)
    .filter((name) => {
      const { image, build } = config.services[name] ?? {};
      if (image !== undefined || build !== undefined) return true;
      problems.push({
        code: 'nothing-to-run',
        severity: 'error',
        message: `${name} names neither image nor build`,
        hint: "a service of another provider can't be run here: leave it out by a profile",
        at: source.serviceKey(name, []),
      });
      return false;
    })
    .map((name) => translateService(name, context));
  return hasErrors(problems) ? { value: null, problems } : { value: services, problems };
}

/** Kubernetes takes lower-case letters, digits and hyphens. */
function serviceNames(
  config: ComposeConfig,
  source: ComposeSource,
  problems: Problem[],
): Map<string, string> {
  const names = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const written of Object.keys(config.services)) {
    const name = kubernetesName(written);
    const at = source.serviceKey(written, []);
    const owner = owners.get(name);
    if (name === '' || owner !== undefined) {
      const message =
        owner === undefined
          ? `${written} can't be a name in Kubernetes`
          : `${written} and ${owner} would both be called ${name}`;
      problems.push({ code: 'compose-name', severity: 'error', message, hint: 'rename the service', at });
      continue;
    }
    owners.set(name, written);
    names.set(written, name);
    if (name !== written) {
      const message = `${written} is called ${name} here, as Kubernetes demands; callers may use either name`;
      problems.push({ code: 'compose-renamed', severity: 'notice', message, at });
    }
  }
  return names;
}

/** Empty where nothing of the text can stay. */
export function kubernetesName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
}

/** What stands beside `services`. */
function fileProblems(config: ComposeConfig, source: ComposeSource): Problem[] {
  const lost = (path: readonly string[], why: string): Problem => ({
    code: 'compose-lost',
    severity: 'warning',
    message: `${path.join('.')} has no effect: ${why}`,
    at: source.entry(path),
  });
  const rows = new Map(FILE_KEYS.map(({ key, how }) => [key, how]));
  const problems: Problem[] = [];
  for (const key of Object.keys(config)) {
    if (key === 'services' || key.startsWith('x-')) continue;
    if (key === 'models' || !rows.has(key))
      problems.push(lost([key], rows.get(key) ?? "this version doesn't know it"));
  }
  const networks = Object.keys(config.networks ?? {}).filter((name) => name !== 'default');
  if (networks.length > 0) problems.push(lost(['networks'], rows.get('networks') ?? ''));
  for (const [name, volume] of Object.entries(config.volumes)) {
    for (const key of ['driver', 'driver_opts', 'labels']) {
      if (volume && volume[key] !== undefined)
        problems.push(lost(['volumes', name, key], 'the volume is one of the session'));
    }
  }
  return problems;
}
