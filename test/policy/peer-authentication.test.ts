import { describe, expect, it } from 'vitest';
import { mtlsModeOf, mtlsModes } from '../../policy/peer-authentication.ts';
import { cart, policies } from '../support/policies.ts';

function peer(name: string, namespace: string, spec: string, created?: string): string {
  const time = created === undefined ? '' : `, creationTimestamp: "${created}"`;
  return `---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: ${name}, namespace: ${namespace}${time} }\nspec: ${spec}\n`;
}
const modes = (yaml: string) => mtlsModes(policies(yaml), cart, { rootNamespace: 'istio-system' });
const STRICT = '{ mtls: { mode: STRICT } }';
const DISABLE = '{ mtls: { mode: DISABLE } }';
const selected = (rest: string) => `{ selector: { matchLabels: { app: cart } }, ${rest} }`;

describe('mtlsModes', () => {
  it('ignores a selector in the root namespace, and other namespaces', () => {
    expect(modes(peer('a', 'istio-system', selected('mtls: { mode: STRICT }'))).default).toBe('PERMISSIVE');
    expect(modes(peer('a', 'billing', STRICT)).default).toBe('PERMISSIVE');
  });

  it('is PERMISSIVE where nothing is said, or UNSET', () => {
    expect(modes('').default).toBe('PERMISSIVE');
    expect(modes(peer('a', 'shop', '{ mtls: { mode: UNSET } }')).default).toBe('PERMISSIVE');
  });

  it('puts the workload above the namespace above the mesh', () => {
    const mesh = peer('mesh', 'istio-system', STRICT);
    const namespace = peer('ns', 'shop', DISABLE);
    expect(modes(mesh).default).toBe('STRICT');
    expect(modes(mesh + namespace).default).toBe('DISABLE');
    expect(
      modes(mesh + namespace + peer('workload', 'shop', selected('mtls: { mode: PERMISSIVE }'))).default,
    ).toBe('PERMISSIVE');
  });

  it('inherits through UNSET', () => {
    const yaml =
      peer('mesh', 'istio-system', STRICT) +
      peer('ns', 'shop', '{}') +
      peer('workload', 'shop', selected('mtls: { mode: UNSET }'));
    expect(modes(yaml).default).toBe('STRICT');
  });

  it('takes the oldest of a scope, and of one age the first by name', () => {
    const young = peer('a', 'shop', DISABLE, '2026-01-02T00:00:00Z');
    const old = peer('b', 'shop', STRICT, '2026-01-01T00:00:00Z');
    expect(modes(young + old).default).toBe('STRICT');
    expect(modes(peer('b', 'shop', STRICT) + peer('a', 'shop', DISABLE)).default).toBe('DISABLE');
  });

  it('takes one that was never applied for the youngest', () => {
    const applied = peer('b', 'shop', STRICT, '2026-01-03T00:00:00Z');
    expect(modes(peer('a', 'shop', DISABLE) + applied).default).toBe('STRICT');
  });

  it('sets single ports of the workload, UNSET ones inherit', () => {
    const yaml =
      peer('ns', 'shop', STRICT) +
      peer(
        'workload',
        'shop',
        selected('portLevelMtls: { "8080": { mode: DISABLE }, "9090": { mode: UNSET } }'),
      );
    const found = modes(yaml);
    expect([8080, 9090, 7070].map((port) => mtlsModeOf(found, port))).toEqual([
      'DISABLE',
      'STRICT',
      'STRICT',
    ]);
  });
});
