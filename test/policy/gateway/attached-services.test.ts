import { describe, expect, it } from 'vitest';
import { attachedServices, attachmentProblems } from '../../../policy/gateway/attached-services.ts';
import { object, objects } from '../../support/routing.ts';

const EDGE = object(
  'Gateway',
  {
    selector: { istio: 'ingress' },
    servers: [{ port: { number: 80, name: 'h', protocol: 'HTTP' }, hosts: ['*'] }],
  },
  { name: 'edge', namespace: 'shop' },
);
const ROUTE = { route: [{ destination: { host: 'web' } }] };
const service = (gateways: string[], http: object[] = [ROUTE], metadata: object = {}) =>
  object('VirtualService', { hosts: ['shop.example'], gateways, http }, { name: 'vs', ...metadata });

describe('the VirtualServices of a gateway', () => {
  it('name it, in full or within its namespace', () => {
    const attached = (...texts: string[]) =>
      attachedServices(objects(...texts), 'shop/edge').map(({ metadata, hosts }) => [metadata.name, hosts]);
    expect(
      attached(
        service(['edge'], [ROUTE], { name: 'a' }),
        service(['mesh', 'shop/edge'], [ROUTE], { name: 'b', namespace: 'billing' }),
        service(['edge'], [ROUTE], { name: 'c', namespace: 'billing' }),
        service(['mesh'], [ROUTE], { name: 'd' }),
        service([], [ROUTE], { name: 'e' }),
        EDGE,
      ),
    ).toEqual([
      ['a', ['shop.example']],
      ['b', ['shop.example']],
    ]);
  });
});

/** Each as `code severity message (hint) @ text at its place`. */
function problems(...texts: string[]): string[] {
  const lines = texts.join('\n---\n').split('\n');
  return attachmentProblems(objects(...texts)).map(({ code, severity, message, hint, at }) => {
    const place = (lines[(at?.line ?? 1) - 1] ?? '').slice((at?.column ?? 1) - 1).slice(0, 12);
    return `${code} ${severity} ${message}${hint === undefined ? '' : ` (${hint})`} @ ${place}`;
  });
}

describe('a gateway that isn’t there', () => {
  it('is told, with the nearest, or all, or that there is none', () => {
    expect(problems(service(['egde']), EDGE)).toEqual([
      'unknown-gateway warning VirtualService shop/vs is for Gateway shop/egde, which isn\'t among the policies: its routes are served nowhere (did you mean shop/edge?) @ "egde"],"htt',
    ]);
    expect(problems(service(['mesh', 'something-else']), EDGE)[0]).toContain(
      '(Gateways here: shop/edge) @ "something-e',
    );
    expect(problems(service(['edge']))[0]).toContain('(there is no Gateway) @ "edge"]');
  });

  it('is none where the mesh or a known one is named', () => {
    expect(problems(service(['mesh', 'edge', 'shop/edge']), EDGE)).toEqual([]);
    expect(problems(service([]), EDGE)).toEqual([]);
  });
});
