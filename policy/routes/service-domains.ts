/** Every Host by which a service is called from a namespace. */
import type { RouteService } from './route-services.ts';

const SUFFIX = '.svc.cluster.local';

/** `short`: a form of its full name that another service may really be called. */
export function domainsOf(
  service: RouteService,
  clientNamespace: string,
): { name: string; short: boolean }[] {
  const { host, addresses } = service;
  const names = [{ name: host, short: false }];
  if (!/^[0-9.:]+$/.test(host)) names.push({ name: `${host}.`, short: true });
  if (host.endsWith(SUFFIX)) {
    const qualified = host.slice(0, -SUFFIX.length);
    const dot = qualified.indexOf('.');
    const short = [`${qualified}.svc`, qualified];
    if (dot > 0 && qualified.slice(dot + 1) === clientNamespace) short.unshift(qualified.slice(0, dot));
    names.push(...short.map((name) => ({ name, short: true })));
  }
  names.push(...addresses.map((name) => ({ name, short: false })));
  return names;
}
