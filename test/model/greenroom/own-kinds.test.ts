import { describe, expect, it } from 'vitest';
import { readOwn } from '../../support/own-kinds.ts';

describe('kinds of our own', () => {
  it.each([
    ['RateLimit', 'rules: []', 'rules'],
    ['RateLimit', 'rules: [{ key: { by: ip }, requests: 0, window: 1s }]', 'requests'],
    ['RateLimit', 'rules: [{ key: { by: ip }, requests: 1, window: soon }]', 'window'],
    ['RateLimit', 'rules: [{ key: { by: ip }, requests: 1, window: 0s }]', 'window'],
    ['RateLimit', 'rules: [{ key: { by: ip }, requests: 1, window: -1s }]', 'window'],
    ['RateLimit', 'rules: [{ key: { by: cookie }, requests: 1, window: 1s }]', 'key'],
    ['RateLimit', 'rules: [{ key: { by: header, name: X-User }, requests: 1, window: 1s }]', 'name'],
    ['RateLimit', 'rules: [{ key: { by: header, name: host }, requests: 1, window: 1s }]', 'name'],
    ['RateLimit', 'rules: [{ key: { by: ip }, requests: 1, window: 1s, brust: 2 }]', 'brust'],
    [
      'RateLimit',
      'rules: [{ key: { by: ip }, requests: 1, window: 1s, match: { paths: ["/{a}"] } }]',
      'paths',
    ],
    ['RequestValidation', '{}', 'checks nothing'],
    ['RequestValidation', 'limits: {}', 'checks nothing'],
    ['RequestValidation', 'contentTypes: [json]', 'contentTypes'],
    ['RequestValidation', 'limits: { bodyBytes: -1 }', 'bodyBytes'],
    ['RequestValidation', 'openapi: { file: "" }', 'file'],
    ['ContextSignals', 'signals: []', 'signals'],
    ['ContextSignals', 'signals: [{ kind: mood, header: x-mood }]', 'kind'],
    [
      'ContextSignals',
      'signals: [{ kind: country, header: x-country, values: [{ value: NL }] }]',
      'everybody',
    ],
    [
      'ContextSignals',
      'signals: [{ kind: country, header: x-c, values: [{ value: NL, ipBlocks: [here] }] }]',
      'ipBlocks',
    ],
    ['ContextSignals', 'signals: [{ kind: country, header: x-c, default: "a\\nb" }]', 'default'],
    [
      'ContextSignals',
      'signals: [{ kind: country, header: x-c }, { kind: device-posture, header: x-c }]',
      'already set',
    ],
  ] as const)('%s is refused with %s', (kind, spec, told) => {
    const { problems } = readOwn(kind, spec);
    expect(problems).not.toEqual([]);
    expect(problems.map(({ message, at }) => `${message} ${at?.line}:${at?.column}`).join('\n')).toMatch(
      /\d+:\d+/,
    );
    expect(JSON.stringify(problems)).toContain(told);
  });

  it('are read when they are right', () => {
    for (const [kind, spec] of [
      [
        'RateLimit',
        'rules: [{ match: { methods: [POST], paths: ["/t/{*}/x"] }, key: { by: identity }, requests: 5, window: 1m, burst: 2 }]',
      ],
      [
        'RequestValidation',
        'openapi: { file: ./orders.yaml }\ncontentTypes: [application/json, image/*]\nlimits: { bodyBytes: 65536 }',
      ],
      [
        'ContextSignals',
        'signals: [{ kind: country, header: x-country, values: [{ value: NL, ipBlocks: [203.0.113.0/24] }], default: ZZ }]',
      ],
    ] as const) {
      const read = readOwn(kind, spec);
      expect(read.problems, kind).toEqual([]);
      expect(read.objects, kind).toHaveLength(1);
    }
  });
});
