/**
 * Where the window is: the view and what is selected in it, kept in the URL's hash, so that Back, a reload and a
 * pasted link bring the same picture. Every value is a plain string; a view that doesn't know one ignores it.
 */
import { useSyncExternalStore } from 'react';

export const VIEWS = [
  'topology',
  'traffic',
  'rehearsals',
  'policies',
  'identities',
  'services',
  'export',
] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Place {
  readonly view: ViewName;
  readonly params: Readonly<Record<string, string>>;
}

/** Reads `#/traffic?event=12`; anything else is the topology. */
export function parseHash(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const view = VIEWS.find((name) => name === path);
  if (!view) return { view: 'topology', params: {} };
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** Writes it again; empty values are left out. */
export function formatHash(place: Place): string {
  const entries = Object.entries(place.params).filter(([, value]) => value !== '');
  const query = new URLSearchParams(entries).toString();
  return query ? `#/${place.view}?${query}` : `#/${place.view}`;
}

let read = typeof window === 'undefined' ? '' : window.location.hash;
let current = parseHash(read);

function subscribe(changed: () => void): () => void {
  const look = (): void => {
    const { hash } = window.location;
    if (hash !== read) current = parseHash(hash);
    read = hash;
    changed();
  };
  window.addEventListener('hashchange', look);
  return () => window.removeEventListener('hashchange', look);
}

/** The browser's own event comes a moment later, when the next key may already have gone to the place before. */
function tell(): void {
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Goes to a view; a new entry in the history. */
export function goTo(view: ViewName, params: Record<string, string> = {}): void {
  window.location.hash = formatHash({ view, params });
  tell();
}

/** Changes what is selected in this view, without a new entry in the history. */
export function select(params: Record<string, string>): void {
  const place = parseHash(window.location.hash);
  const hash = formatHash({ view: place.view, params: { ...place.params, ...params } });
  if (hash === window.location.hash) return;
  window.history.replaceState(null, '', hash);
  tell();
}

/** The current place. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => current);
}
