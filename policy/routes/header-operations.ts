/** Header operations carried out, in Envoy's order: removals, then what is set, then what is added. */
import type { HeaderList } from '../../model/request-facts.ts';
import type { HeaderOperations } from './compiled-routes.ts';
import { formatValue, type CommandFacts } from './header-commands.ts';

/** `facts` is asked after the removals. Values that come out empty are dropped. */
export function applyOperations(
  headers: HeaderList,
  operations: HeaderOperations,
  facts: (current: HeaderList) => CommandFacts,
): HeaderList {
  const { remove, change } = operations;
  if (remove.length === 0 && change.length === 0) return headers;
  const kept = remove.length === 0 ? headers : headers.filter(([name]) => !remove.includes(name));
  const current = facts(kept);
  const values = change
    .map((one) => ({ ...one, value: formatValue(one.value, current) }))
    .filter(({ value }) => value !== '');
  let changed: HeaderList = kept;
  for (const { name, value } of values.filter(({ append }) => !append))
    changed = setHeader(changed, name, value);
  const added = values
    .filter(({ append }) => append)
    .map(({ name, value }): [string, string] => [name, value]);
  return [...changed, ...added];
}

/** In the place of the first, the others gone; at the end where there is none. */
export function setHeader(headers: HeaderList, name: string, value: string): HeaderList {
  const changed: (readonly [string, string])[] = [];
  let placed = false;
  for (const field of headers) {
    if (field[0] !== name) changed.push(field);
    else if (!placed) {
      changed.push([name, value]);
      placed = true;
    }
  }
  if (!placed) changed.push([name, value]);
  return changed;
}
