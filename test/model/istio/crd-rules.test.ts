/** Each rule of Istio's CRDs on a value that it refuses and one that it takes. */
import { describe, expect, it } from 'vitest';
import { CRD_RULES } from '../../../model/istio/crd-rules.ts';

const long = 'a'.repeat(63);

/** Rule -> refused values, taken values. For rules about keys: keys. */
const EXAMPLES: Readonly<Record<string, readonly [unknown[], unknown[]]>> = {
  'wasm-or-lua': [
    [{}, { wasm: {}, lua: {} }],
    [{ wasm: {} }, { lua: {} }],
  ],
  'keys-without-wildcard': [
    ['*', 'app*'],
    ['app', ''],
  ],
  'keys-not-empty': [[''], ['app']],
  'without-wildcard': [['*', 'a*'], ['a']],
  'own-namespace': [['shop'], ['']],
  'module-url': [
    ['ftp://x/y', 'a b'],
    ['oci://x/y', 'registry.example/x:1', 'file:///a', '/a'],
  ],
  'value-only-inline': [
    [{ valueFrom: 'HOST', value: 'x' }],
    [{ valueFrom: 'HOST' }, { valueFrom: 'INLINE', value: 'x' }, { value: 'x' }],
  ],
  duration: [
    ['apple', '', '0s', '-1s', '1ns', '999us', '1'],
    ['1ms', '5s', '1h30m', '.5s'],
  ],
  'waypoint-context': [
    [{ context: 'WAYPOINT' }, { waypoint: {} }, { context: 'ANY', waypoint: {} }],
    [{}, { context: 'ANY' }, { context: 'WAYPOINT', waypoint: {} }],
  ],
  port: [
    [0, -1, 65536],
    [1, 65535],
  ],
  'port-keys': [
    ['acd', '0', '65536', '-1', '', '1.5'],
    ['1', '65535'],
  ],
  'cidr-needs-static': [
    [{ addresses: ['10.0.0.0/8'], resolution: 'DNS' }],
    [{ addresses: ['10.0.0.0/8'] }, { addresses: ['10.0.0.1'], resolution: 'DNS' }, { resolution: 'DNS' }],
  ],
  'endpoints-need-resolution': [
    [{ endpoints: [] }, { endpoints: [], resolution: 'NONE' }],
    [{}, { endpoints: [], resolution: 'STATIC' }],
  ],
  'round-robin-one-endpoint': [
    [{ resolution: 'DNS_ROUND_ROBIN', endpoints: [{}, {}] }],
    [
      { resolution: 'DNS_ROUND_ROBIN', endpoints: [{}] },
      { resolution: 'STATIC', endpoints: [{}, {}] },
    ],
  ],
  'address-or-network': [[{}], [{ address: 'a' }, { network: 'n' }]],
  'socket-without-ports': [
    [{ address: 'unix:///a', ports: {} }],
    [{ address: 'unix:///a' }, { address: '10.0.0.1', ports: {} }, {}],
  ],
  'socket-absolute': [
    ['unix://a', 'unix://'],
    ['unix:///a', 'unix://@a', '10.0.0.1'],
  ],
  'socket-no-folder': [['unix:///a/'], ['unix:///a', 'http://a/']],
  'port-names': [
    ['', '-a', 'a-', 'a_b', long],
    ['a', 'http-api', 'A1', long.slice(1)],
  ],
  'host-not-any': [['*'], ['*.example.com', '']],
  'port-numbers-unique': [[[{ number: 80 }, { number: 80 }]], [[], [{ number: 80 }, { number: 81 }]]],
  'probe-scheme': [['http'], ['', 'HTTP', 'HTTPS']],
  'accounts-alone': [
    [
      { serviceAccounts: ['a'], namespaces: ['b'] },
      { notServiceAccounts: [], principals: [] },
    ],
    [
      { serviceAccounts: ['a'], ipBlocks: ['10.0.0.1'] },
      { principals: ['a'], namespaces: ['b'] },
    ],
  ],
  'ports-need-selector': [
    [{ portLevelMtls: {} }, { portLevelMtls: {}, selector: { matchLabels: {} } }],
    [{}, { portLevelMtls: {}, selector: { matchLabels: { a: 'b' } } }],
  ],
  'http-url': [
    ['hTPp\\\b', 'a.example', 'ftp://a', '', '//a'],
    ['http://a', 'HTTPS://a.example:8443/k?x=1'],
  ],
  'upsert-needs-value': [
    [{ operation: 'UPSERT' }, { operation: 'UPSERT', value: '' }],
    [{ operation: 'UPSERT', value: 'x' }, { operation: 'REMOVE' }, {}],
  ],
  'remove-without-value': [
    [{ operation: 'REMOVE', value: '' }],
    [{ operation: 'REMOVE' }, { operation: 'UPSERT', value: 'x' }],
  ],
};

function holds(rule: string, value: unknown): boolean {
  const check = CRD_RULES[rule];
  if (!check) throw new Error(`no rule ${rule}`);
  return 'holds' in check ? check.holds(value) : check.holdsForKey(String(value));
}

describe('a rule', () => {
  it('is told here for each there is', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(Object.keys(CRD_RULES).sort());
  });

  it.each(Object.entries(EXAMPLES))('%s refuses and takes', (rule, [refused, taken]) => {
    expect(refused.filter((value) => holds(rule, value))).toEqual([]);
    expect(taken.filter((value) => !holds(rule, value))).toEqual([]);
  });
});
