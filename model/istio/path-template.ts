/** Path templates of AuthorizationPolicy (`/api/{*}/items`, `/files/{**}`): which ones Istio takes. */

/** What is wrong with a policy's path, or null. Paths without braces are always right. */
export function pathTemplateError(path: string): string | null {
  const templated = path.includes('{*}') || path.includes('{**}');
  let rest = false;
  for (const segment of withoutOuterSlashes(path).split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (rest) return '{**} must be the last template of a path';
      rest = segment === '{**}';
    } else if (/[{}]/.test(segment)) {
      return 'braces stand for a whole segment: {*} or {**}';
    } else if (templated && !/^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/.test(segment)) {
      return `segment "${segment}" can't stand beside a template: no *, no empty or special characters`;
    }
  }
  return null;
}

/** Not by a pattern: `/+$` looks at a long row of slashes once for each of them. */
function withoutOuterSlashes(path: string): string {
  let [start, end] = [0, path.length];
  while (start < end && path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
}
