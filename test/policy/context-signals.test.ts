import { describe, expect, it } from 'vitest';
import { applySignals, compileSignals, type SignalFacts } from '../../policy/context-signals.ts';
import { own } from '../support/own-kinds.ts';
import { cart, config } from '../support/policies.ts';

const SIGNALS = `signals:
- kind: country
  header: x-country
  values:
  - { value: NL, ipBlocks: [203.0.113.0/24, "2001:db8::/32"] }
  - { value: BE, ipBlocks: [198.51.100.7] }
  default: ZZ
- kind: device-posture
  header: x-device
  values:
  - { value: managed, principals: ["cluster.local/ns/edge/sa/laptop-*"], ipBlocks: [203.0.113.0/24] }`;

function signalled(facts: Partial<SignalFacts>, headers: [string, string][] = []) {
  const signals = compileSignals(own('ContextSignals', SIGNALS), cart, config);
  return applySignals(signals, { clientIp: '192.0.2.1', principal: null, ...facts }, headers);
}

describe('context signals', () => {
  it('take away what a client says of itself, however it writes the name', () => {
    const { headers, forged } = signalled({}, [
      ['x-country', 'NL'],
      ['accept', '*/*'],
      ['x_country', 'NL'],
      ['x-device', 'managed'],
    ]);
    expect(headers).toEqual([
      ['accept', '*/*'],
      ['x-country', 'ZZ'],
    ]);
    expect(forged).toEqual(['x-country', 'x_country', 'x-device']);
  });

  it('need every condition that a value has', () => {
    const laptop = 'cluster.local/ns/edge/sa/laptop-7';
    const device = (facts: Partial<SignalFacts>) =>
      signalled(facts).headers.find(([name]) => name === 'x-device');
    expect(device({ principal: laptop })).toBeUndefined();
    expect(device({ clientIp: '203.0.113.9' })).toBeUndefined();
    expect(device({ clientIp: '203.0.113.9', principal: 'cluster.local/ns/edge/sa/phone' })).toBeUndefined();
    expect(device({ clientIp: '203.0.113.9', principal: laptop })).toEqual(['x-device', 'managed']);
  });

  it.each([
    ['203.0.113.9', 'NL'],
    ['2001:db8::1', 'NL'],
    ['198.51.100.7', 'BE'],
    ['198.51.100.8', 'ZZ'],
    ['unknown', 'ZZ'],
  ])('tell the country of %s: %s', (clientIp, country) => {
    expect(signalled({ clientIp }).headers).toContainEqual(['x-country', country]);
  });

  it('are set by the first object that has a value, and only where they apply', () => {
    const first = own(
      'ContextSignals',
      'signals: [{ kind: country, header: x-country, values: [{ value: NL, ipBlocks: [10.0.0.0/8] }] }]',
    );
    const second = own('ContextSignals', 'signals: [{ kind: country, header: x-country, default: ZZ }]');
    const other = own(
      'ContextSignals',
      'selector: { matchLabels: { app: other } }\nsignals: [{ kind: country, header: x-other, default: ZZ }]',
    );
    const signals = compileSignals([...first, ...second, ...other], cart, config);
    const at = (clientIp: string) => applySignals(signals, { clientIp, principal: null }, []).headers;
    expect(at('10.1.1.1')).toEqual([['x-country', 'NL']]);
    expect(at('192.0.2.1')).toEqual([['x-country', 'ZZ']]);
  });
});
