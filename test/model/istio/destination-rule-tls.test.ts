/** What istiod's webhook refuses of a DestinationRule's TLS, and what it takes. */
import { describe, expect, it } from 'vitest';
import { destinationRuleSchema } from '../../../model/istio/destination-rule.ts';

const fault = (tls: object): string | undefined =>
  destinationRuleSchema.safeParse({ host: 'a', trafficPolicy: { tls } }).error?.issues[0]?.message;
const FILES = { clientCertificate: '/c', privateKey: '/k' };

describe('the TLS of a DestinationRule', () => {
  it.each([
    [{ mode: 'MUTUAL' }, 'mode MUTUAL needs a clientCertificate'],
    [{ mode: 'MUTUAL', privateKey: '/k' }, 'mode MUTUAL needs a clientCertificate'],
    [{ mode: 'MUTUAL', clientCertificate: '/c' }, 'mode MUTUAL needs a privateKey'],
    [{ mode: 'MUTUAL', credentialName: 'a', ...FILES }, 'credentialName goes without'],
    [{ mode: 'SIMPLE', credentialName: 'a', caCertificates: '/ca' }, 'credentialName goes without'],
    [{ mode: 'SIMPLE', credentialName: 'a', caCrl: '/crl' }, 'credentialName goes without'],
    [{ mode: 'SIMPLE', insecureSkipVerify: true, caCertificates: '/ca' }, 'insecureSkipVerify: true goes'],
    [{ mode: 'SIMPLE', insecureSkipVerify: true, credentialName: 'a' }, 'insecureSkipVerify: true goes'],
    [{ mode: 'SIMPLE', insecureSkipVerify: true, subjectAltNames: ['a'] }, 'insecureSkipVerify: true goes'],
    [
      { mode: 'MUTUAL', ...FILES, insecureSkipVerify: true, caCertificates: '/ca' },
      'insecureSkipVerify: true goes',
    ],
  ])('%j is refused', (tls, told) => {
    expect(fault(tls)).toContain(told);
  });

  it.each([
    { mode: 'MUTUAL', ...FILES },
    { mode: 'MUTUAL', ...FILES, insecureSkipVerify: true },
    { mode: 'MUTUAL', credentialName: 'a', insecureSkipVerify: true },
    { mode: 'SIMPLE', ...FILES },
    { mode: 'SIMPLE', caCertificates: '/ca', subjectAltNames: ['a'] },
    { mode: 'DISABLE', credentialName: 'a', ...FILES, insecureSkipVerify: true },
  ])('%j is taken', (tls) => {
    expect(fault(tls)).toBeUndefined();
  });
});
