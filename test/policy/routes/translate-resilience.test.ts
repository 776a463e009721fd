/** Retries, faults and CORS with Istio's defaults: SURPRISES 93 to 96 and 100. */
import { describe, expect, it } from 'vitest';
import { forward, route } from '../../support/routing.ts';

const DEFAULT = ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'];

describe('retries', () => {
  const retry = (retries: object) => forward(route({ retries })).retry;

  it('have the default conditions where none is written', () => {
    expect(retry({ attempts: 3 })).toEqual({
      attempts: 3,
      on: DEFAULT,
      statuses: [],
      perTryTimeoutMs: 0,
      backoffMs: 25,
      avoidPrevious: true,
    });
  });

  it('are off at none', () => {
    expect(retry({ attempts: 0 })).toBeNull();
    expect(retry({ attempts: 1 })).not.toBeNull();
  });

  it('have conditions and statuses as they are written', () => {
    expect(retry({ attempts: 1, retryOn: '5xx, reset' })).toMatchObject({
      on: ['5xx', 'reset'],
      statuses: [],
    });
    expect(retry({ attempts: 1, retryOn: '503,reset,429' })).toMatchObject({
      on: ['reset', 'retriable-status-codes'],
      statuses: [503, 429],
    });
    expect(retry({ attempts: 1, retryOn: 'retriable-status-codes,503' })).toMatchObject({
      on: ['retriable-status-codes'],
      statuses: [503],
    });
    expect(retry({ attempts: 1, retryOn: '100,599' })?.statuses).toEqual([100, 599]);
  });

  it('have times as they are written, and a pause of 25 ms where none is', () => {
    expect(retry({ attempts: 1, perTryTimeout: '2s', backoff: '0.1s' })).toMatchObject({
      perTryTimeoutMs: 2_000,
      backoffMs: 100,
    });
    expect(retry({ attempts: 1, backoff: '0s' })?.backoffMs).toBe(25);
  });

  it('avoid endpoints that failed unless they are told not to', () => {
    expect(retry({ attempts: 1, retryIgnorePreviousHosts: false })?.avoidPrevious).toBe(false);
    expect(retry({ attempts: 1, retryIgnorePreviousHosts: true })?.avoidPrevious).toBe(true);
  });
});

describe('a fault', () => {
  const fault = (written: object) => route({ fault: written }).fault;

  it('without a percentage never happens', () => {
    expect(fault({ delay: { fixedDelay: '1.5s' }, abort: { httpStatus: 418 } })).toEqual({
      delay: { ms: 1_500, millionths: 0 },
      abort: { kind: 'http', status: 418, millionths: 0 },
    });
  });

  it('happens in parts of a million', () => {
    expect(
      fault({
        delay: { fixedDelay: '1s', percentage: { value: 0.12345 }, percent: 99 },
        abort: { grpcStatus: 'UNAVAILABLE', percentage: { value: 50 } },
      }),
    ).toEqual({
      delay: { ms: 1_000, millionths: 1_234 },
      abort: { kind: 'grpc', status: 14, millionths: 500_000 },
    });
    expect(fault({ delay: { fixedDelay: '1s', percent: 7 } })).toEqual({
      delay: { ms: 1_000, millionths: 70_000 },
      abort: null,
    });
  });

  it('has no delay that isn’t fixed, and HTTP’s status before gRPC’s', () => {
    expect(fault({ delay: { exponentialDelay: '1s', percentage: { value: 1 } } })).toEqual({
      delay: null,
      abort: null,
    });
    expect(fault({ abort: { httpStatus: 500, grpcStatus: 'OK' } })?.abort).toMatchObject({
      kind: 'http',
      status: 500,
    });
    expect(fault({ abort: { grpcStatus: 'OK' } })?.abort).toMatchObject({ kind: 'grpc', status: 0 });
  });
});

describe('CORS', () => {
  const cors = (written: object) => route({ corsPolicy: written }).cors;

  it('allows nothing that isn’t written', () => {
    expect(cors({})).toEqual({
      allowOrigins: [],
      allowMethods: '',
      allowHeaders: '',
      exposeHeaders: '',
      maxAge: '',
      allowCredentials: false,
      forwardUnmatched: true,
    });
  });

  it('has lists in one field, and whole seconds', () => {
    expect(
      cors({
        allowOrigins: [{ exact: 'a' }, { prefix: 'b' }, { regex: 'c' }],
        allowOrigin: ['not'],
        allowMethods: ['GET', 'PUT'],
        allowHeaders: ['x', 'y'],
        exposeHeaders: ['z', 'w'],
        maxAge: '2.9s',
        allowCredentials: true,
        unmatchedPreflights: 'IGNORE',
      }),
    ).toEqual({
      allowOrigins: [
        { kind: 'exact', value: 'a' },
        { kind: 'prefix', value: 'b' },
        { kind: 'regex', value: { pattern: 'c' } },
      ],
      allowMethods: 'GET,PUT',
      allowHeaders: 'x,y',
      exposeHeaders: 'z,w',
      maxAge: '2',
      allowCredentials: true,
      forwardUnmatched: false,
    });
    expect(cors({ allowOrigin: ['a', '*'] })?.allowOrigins).toEqual([
      { kind: 'exact', value: 'a' },
      { kind: 'exact', value: '*' },
    ]);
    for (const unmatchedPreflights of ['FORWARD', 'UNSPECIFIED'])
      expect(cors({ unmatchedPreflights })?.forwardUnmatched).toBe(true);
  });
});
