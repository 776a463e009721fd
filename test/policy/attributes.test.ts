import { describe, expect, it } from 'vitest';
import { valuesOf } from '../../policy/attributes.ts';
import type { RequestFacts } from '../../model/request-facts.ts';

const connection = {
  sourceIp: '10.0.0.1',
  destinationIp: '10.0.0.2',
  destinationPort: 80,
  sni: null,
  mtls: true,
};
const principals = (more: Pick<RequestFacts['connection'], 'principal' | 'otherPrincipals'>) =>
  valuesOf(
    { attribute: 'source.principal', header: null },
    { connection: { ...connection, ...more }, http: null },
  );

describe('the principal of a connection', () => {
  it('is absent without a certificate', () => {
    expect(principals({ principal: null })).toEqual([]);
  });

  it('is every SPIFFE id of the certificate, each compared by itself', () => {
    expect(principals({ principal: 'td/ns/a/sa/b', otherPrincipals: ['td/ns/c/sa/d'] })).toEqual([
      'td/ns/a/sa/b',
      'td/ns/c/sa/d',
    ]);
  });
});
