/** Gateway objects that Istio's own validation took or refused; `oracle check` of the suite says so again. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeObject } from '../../../model/judge-object.ts';
import { parseValidationSuite } from '../../../model/validation-suite.ts';

const text = readFileSync(new URL('gateway.suite.json', import.meta.url), 'utf8');
const { value: cases } = parseValidationSuite(text, 'gateway.suite.json');

describe('a Gateway', () => {
  it.each((cases ?? []).map((one) => [one.id, one] as const))(
    'is taken or refused as Istio does: %s',
    (_id, one) => {
      expect({ valid: judgeObject(one).valid }).toEqual({ valid: one.expected.valid });
    },
  );

  it('has as many valid cases as are needed to tell', () => {
    expect(cases?.filter(({ expected }) => expected.valid).length).toBeGreaterThan(40);
  });
});
