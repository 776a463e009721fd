/** Our judge against the verdicts of Istio's own validation, and the API server's, on objects that nobody here wrote. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeObject } from '../../../model/judge-object.ts';
import { parseValidationSuite, type ValidationCase } from '../../../model/validation-suite.ts';
import { describeWith, sharedFolder } from '../../support/requires.ts';

const own = new URL('../../corpora/istio/', import.meta.url);

function casesOf(folder: URL, path: string): ValidationCase[] {
  const parsed = parseValidationSuite(readFileSync(new URL(path, folder), 'utf8'), path);
  if (!parsed.value) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** Of the cases, those that are judged otherwise than expected. */
function differing(cases: readonly ValidationCase[]): string[] {
  return cases.flatMap((one) => {
    const { valid, errors } = judgeObject(one);
    return valid === one.expected.valid
      ? []
      : [`${one.id}: ${errors.map(({ message }) => message).join('; ')}`];
  });
}

/** Which of our codes says what Istio says in its words. */
const GIST: readonly (readonly [RegExp, RegExp])[] = [
  [/empty value/, /^(empty-value|invalid-value)$/],
  [/location header|cookie name|location query/, /^(missing-field|wrong-type|invalid-value)$/],
  [/unknown value .* for enum/, /^(invalid-value|wrong-type)$/],
  [/cannot parse proto message/, /^(invalid-port|wrong-type|invalid-value)$/],
  [/only one of targetRefs or workloadSelector/, /^invalid-target$/],
  [/targetRef/, /^(invalid-target|invalid-value)$/],
  [/not supported in selector/, /^invalid-selector$/],
  [/not supported with CUSTOM action/, /^not-with-custom$/],
  [/provider\.name/, /^missing-field$/],
  [/without `rules`/, /^rules-missing$/],
  [/`provider` must not be/, /^invalid-value$/],
  [/`from\.source` must not be/, /^empty-source$/],
  [/`to\.operation` must not be/, /^empty-operation$/],
  [/`key` must not be empty|at least one of `values`/, /^missing-field$/],
  [/(unknown|deprecated) attribute|is replaced by|bad key/, /^unknown-condition$/],
  [
    /serviceAccounts with namespaces|wildcard|trust domain must|expected format|more than 16/,
    /^invalid-value$/,
  ],
  [/bad (IP address|CIDR range)/, /^invalid-(ip|value)$/],
  [/bad port|port must be in range/, /^invalid-(port|value)$/],
  [/unsupported path/, /^invalid-path-template$/],
  [/port level mTLS/, /^(selector-missing|empty-value)$/],
  [/issuer or jwksUri/, /^(missing-field|wrong-type)$/],
  [/jwks|URI|parse|duration|header|audience/, /^invalid-value$/],
];

function missesTheGist(one: ValidationCase): boolean {
  const codes = judgeObject(one).errors.map(({ code }) => code);
  const gist = GIST.find(([words]) => words.test(one.expected.error ?? ''));
  return !gist || !codes.some((code) => gist[1].test(code));
}

describe("objects with a verdict of istiod's webhook", () => {
  const cases = casesOf(own, 'generated/invalid-1.json');

  it('are judged as it judges them', () => {
    expect({ cases: cases.length, differing: differing(cases) }).toEqual({ cases: 100, differing: [] });
  });

  it('are refused for the same reason, in a place of their own', () => {
    const refused = cases.filter(({ expected }) => !expected.valid);
    expect(refused.filter(missesTheGist).map(({ id, expected }) => `${id} ${expected.error}`)).toEqual([]);
    const places = refused.flatMap((one) => judgeObject(one).errors.map(({ at }) => [one.at.line, at?.line]));
    expect(places.every(([line, found]) => line === found)).toBe(true);
  });

  it('come with a warning where the API server would refuse them', () => {
    const warned = cases.flatMap((one) => judgeObject(one).warnings.map(({ code }) => `${one.id} ${code}`));
    expect(warned).toEqual([
      'invalid-1/16 wrong-type',
      'invalid-1/24 unknown-key',
      'invalid-1/30 wrong-type',
      'invalid-1/32 wrong-type',
      'invalid-1/47 unknown-key',
      'invalid-1/50 unknown-version',
      'invalid-1/82 unknown-key',
      'invalid-1/83 invalid-value',
      'invalid-1/90 wrong-type',
      'invalid-1/91 wrong-type',
    ]);
  });
});

describe('documents of the CRD validation tests', () => {
  const files = readdirSync(new URL('crd-validation/', own)).filter((file) => file.endsWith('.yaml'));

  it.each(files)('are judged as the API server does: %s', (file) => {
    const cases = casesOf(own, `crd-validation/${file}`);
    expect({ some: cases.length > 0, differing: differing(cases) }).toEqual({ some: true, differing: [] });
  });
});

describeWith('corpora', 'the whole corpora', () => {
  const corpora = new URL('corpora/istio/', sharedFolder);
  const listed = (folder: string, pattern: RegExp): string[] =>
    readdirSync(new URL(folder, corpora))
      .filter((file) => pattern.test(file))
      .map((file) => `${folder}${file}`);

  it('agree in 400 of 400 objects, and on the reason', () => {
    const cases = listed('generated/', /^invalid-/).flatMap((file) => casesOf(corpora, file));
    expect({ cases: cases.length, differing: differing(cases) }).toEqual({ cases: 400, differing: [] });
    const refused = cases.filter(({ expected }) => !expected.valid);
    expect(refused.filter(missesTheGist).map(({ id, expected }) => `${id} ${expected.error}`)).toEqual([]);
  });

  it("take every policy that Istio's own builder is tested with", () => {
    const files = ['authz-builder/http/', 'authz-builder/tcp/'].flatMap((folder) =>
      listed(folder, /-in\.yaml$/),
    );
    const cases = files.flatMap((file) => casesOf(corpora, file));
    expect({ some: cases.length > 30, differing: differing(cases) }).toEqual({ some: true, differing: [] });
  });

  it('take every object of the recorded decisions and routes', () => {
    const refused: string[] = [];
    let objects = 0;
    for (const file of listed('generated/', /^(?!invalid-).*\.json$/)) {
      const suite = JSON.parse(readFileSync(new URL(file, corpora), 'utf8')) as {
        spec: { policies: { kind: string }[] };
      };
      for (const [index, value] of suite.spec.policies.entries()) {
        if (!ISTIO.test(JSON.stringify(value))) continue;
        objects += 1;
        const at = { file, line: 1, column: 1 };
        const { valid, errors } = judgeObject({
          document: { file, value, at, positions: {} },
          judge: 'webhook',
        });
        if (!valid)
          refused.push(`${file} ${index} ${value.kind}: ${errors.map(({ message }) => message).join('; ')}`);
      }
    }
    expect({ some: objects > 400, refused }).toEqual({ some: true, refused: [] });
  });
});

const ISTIO = /"apiVersion":"[a-z]+\.istio\.io\//;
