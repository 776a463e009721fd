/** `develop.watch` of a Compose service -> rules of what becomes of it when files change. */
import type { WatchRule } from '../container.ts';
import type { Problem } from '../problem.ts';
import type { ComposeServiceConfig } from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { lostKey } from './lost-keys.ts';

const ACTIONS: ReadonlySet<string> = new Set(['sync', 'sync+restart', 'restart', 'rebuild']);

function isAction(text: string): text is WatchRule['action'] {
  return ACTIONS.has(text);
}

/** Undefined where it watches nothing. */
export function translateWatch(
  service: string,
  config: ComposeServiceConfig,
  source: ComposeSource,
  problems: Problem[],
): WatchRule[] | undefined {
  const rules = (config.develop?.watch ?? []).flatMap((written, index): WatchRule[] => {
    const lost = (key: string, why: string, value?: string): void => {
      problems.push(lostKey(source, service, ['develop', 'watch', index, key], why, value));
    };
    // What it says to run is lost by name; the files are copied all the same.
    const action = written.action === 'sync+exec' ? 'sync' : written.action;
    const { path, target } = written;
    if (!isAction(action)) {
      lost('action', "this version doesn't know it", action);
      return [];
    }
    if (action === 'rebuild' && !config.build) {
      lost('action', 'the service has no build', action);
      return [];
    }
    const copies = action === 'sync' || action === 'sync+restart';
    if (copies && !target?.startsWith('/')) {
      lost('target', 'an absolute path in the container is needed', target ?? 'none');
      return [];
    }
    return [
      {
        action,
        path,
        target: copies ? (target ?? null) : null,
        ignore: written.ignore ?? [],
        include: written.include ?? [],
        ...(written.initial_sync ? { initialSync: 'wanted' as const } : {}),
      },
    ];
  });
  return rules.length === 0 ? undefined : rules;
}
