/** The JSON Schemas that we ship are those of the zod schemas, and say what the readers say. */
import { expect, it } from 'vitest';
import { renderSchemas, staleSchemas } from '../../scripts/schemas.ts';

it('are current under schemas/', async () => {
  expect(await staleSchemas(), 'run node scripts/schemas.ts').toEqual([]);
});

it.each([...renderSchemas()])(
  '%s is draft 7 and refuses unknown keys where the reader does',
  (file, text) => {
    const schema = JSON.parse(text) as { $schema: string; additionalProperties: unknown; required: string[] };
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect(schema.required).toContain('kind');
    expect(schema.additionalProperties).toEqual(file.startsWith('validation-suite') ? {} : false);
  },
);
