/** A VirtualService's match → what Envoy matches by. */
import type { StringMatchSpec } from '../../model/istio/string-match.ts';
import type { HttpMatchSpec } from '../../model/istio/virtual-service.ts';
import type { PathMatch, RouteMatch, TextMatch } from './compiled-routes.ts';

const EVERY_PATH: PathMatch = { kind: 'prefix', value: '/' };

/** `bySegment`: prefixes of the Gateway API. */
export function translateMatch(match: HttpMatchSpec | null, semantics: 'prefix' | 'segments'): RouteMatch {
  if (match === null) return { path: EVERY_PATH, ignoreCase: false, headers: [], query: [] };
  const { headers, withoutHeaders, method, authority, scheme } = match;
  const special: [string, StringMatchSpec | undefined][] = [
    [':method', method],
    [':authority', authority],
    [':scheme', scheme],
  ];
  return {
    path: pathMatch(match.uri, semantics),
    ignoreCase: match.ignoreUriCase,
    headers: [
      ...Object.entries(headers).map(([name, wanted]) => headerMatch(name, wanted, false)),
      ...Object.entries(withoutHeaders).map(([name, wanted]) => headerMatch(name, wanted, true)),
      ...special.flatMap(([name, wanted]) =>
        wanted === undefined ? [] : [headerMatch(name, wanted, false)],
      ),
    ],
    query: Object.entries(match.queryParams).map(([name, wanted]) => ({ name, match: textMatch(wanted) })),
  };
}

function headerMatch(
  name: string,
  wanted: StringMatchSpec,
  inverted: boolean,
): RouteMatch['headers'][number] {
  return { name: name.toLowerCase(), match: textMatch(wanted), inverted };
}

/** Nothing, and the expression `*` that is none, ask for presence. */
export function textMatch({ exact, prefix, regex }: StringMatchSpec): TextMatch {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  if (regex === undefined || regex === '*') return { kind: 'present' };
  return { kind: 'regex', value: { pattern: regex } };
}

function pathMatch(uri: StringMatchSpec | undefined, semantics: 'prefix' | 'segments'): PathMatch {
  if (uri?.exact !== undefined) return { kind: 'exact', value: uri.exact };
  if (uri?.regex !== undefined) return { kind: 'regex', value: { pattern: uri.regex } };
  if (uri?.prefix === undefined) return EVERY_PATH;
  if (semantics === 'prefix' || uri.prefix === '/') return { kind: 'prefix', value: uri.prefix };
  return { kind: 'segments', value: uri.prefix.replace(/\/$/, '') };
}

/** Whether it takes every request, so that no route after it is reached. */
export function takesEverything({ path, headers, query }: RouteMatch): boolean {
  const any =
    (path.kind === 'prefix' && path.value === '/') || (path.kind === 'regex' && path.value.pattern === '.*');
  return any && headers.length === 0 && query.length === 0;
}
