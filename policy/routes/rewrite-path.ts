/** Rewrites of a path, its query kept. */
import type { PathRewrite, RouteMatch } from './compiled-routes.ts';
import { replaceAll } from './regular-expression.ts';

/** What the upstream is asked for. */
export function rewritePath(match: RouteMatch, rewrite: PathRewrite, path: string): string {
  if (rewrite.kind === 'prefix') return rewritePrefix(match, rewrite.value, path);
  const { bare, query } = split(path);
  return `${replaceAll(rewrite.pattern, bare, rewrite.substitution)}${query}`;
}

/** Just the matched text gives way; a path that wasn't matched by prefix, as a whole. */
export function rewritePrefix({ path: match }: RouteMatch, to: string, path: string): string {
  const { bare, query } = split(path);
  const matched = match.kind === 'prefix' || match.kind === 'segments' ? match.value.length : bare.length;
  return `${to}${bare.slice(matched)}${query}`;
}

function split(path: string): { bare: string; query: string } {
  const at = path.indexOf('?');
  return at < 0 ? { bare: path, query: '' } : { bare: path.slice(0, at), query: path.slice(at) };
}
