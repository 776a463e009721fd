/** The schemas are those of the CRDs, whole: no rule, keyword or kind of theirs stays behind. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CRD_RULES } from '../../../model/istio/crd-rules.ts';
import { CRD_KINDS, crdKind, resolvePart, type CrdSchema } from '../../../model/istio/crd-schema.ts';
import { CRD_EXPRESSIONS } from '../../../scripts/crd-expressions.ts';
import { renderCrdSchemas } from '../../../scripts/crd-schemas.ts';
import { describeWith, sharedFolder } from '../../support/requires.ts';

function crd(spec: string): string {
  return `spec: { group: g, names: { kind: K }, versions: [{ name: v1, served: true, schema: { openAPIV3Schema: { properties: { spec: ${spec} } } } }] }\n`;
}

describe('the generator', () => {
  it('stops at an expression that nobody applies', () => {
    expect(() =>
      renderCrdSchemas(crd('{ type: string, x-kubernetes-validations: [{ rule: self == "a" }] }')),
    ).toThrow('unknown rule: self == "a"');
  });

  it.each([
    '{ exclusiveMinimum: true }',
    '{ x-kubernetes-list-type: set }',
    '{ x-kubernetes-int-or-string: true }',
  ])('stops at a keyword that it does not know: %s', (spec) => {
    expect(() => renderCrdSchemas(crd(spec))).toThrow('unknown keyword');
  });

  it('stops at alternatives other than a oneof of protobuf', () => {
    expect(() => renderCrdSchemas(crd('{ oneOf: [{ required: [a] }, { required: [b] }] }'))).toThrow(
      'not the shape of a oneof',
    );
  });
});

describe('the schemas', () => {
  const used = new Set<string>();
  const visit = (written: CrdSchema): void => {
    const schema = resolvePart(written);
    for (const rule of schema.rules ?? []) used.add(rule);
    for (const child of Object.values(schema.properties ?? {})) visit(child);
    if (schema.items) visit(schema.items);
    if (schema.values) visit(schema.values);
  };
  for (const id of CRD_KINDS) {
    const [group = '', kind = ''] = id.split('/');
    const found = crdKind(group, kind);
    if (found) visit(found.spec);
  }

  it('use every rule there is, and no other', () => {
    expect([...used].sort()).toEqual(Object.keys(CRD_RULES).sort());
    expect([...new Set(Object.values(CRD_EXPRESSIONS))].sort()).toEqual(Object.keys(CRD_RULES).sort());
  });

  it('know no kind that only looks like one', () => {
    expect([crdKind('', 'AuthorizationPolicy'), crdKind('security.istio.io', 'constructor')]).toEqual([
      null,
      null,
    ]);
    expect(crdKind('security.istio.io', 'AuthorizationPolicy')?.versions).toEqual(['v1', 'v1beta1']);
  });
});

describeWith('corpora', 'the CRDs of the corpora', () => {
  it('give what we ship', () => {
    const crds = readFileSync(new URL('corpora/crds/istio/crd-all.gen.yaml', sharedFolder), 'utf8');
    const file = new URL('../../../model/istio/crd-schemas.json', import.meta.url);
    expect(JSON.parse(renderCrdSchemas(crds))).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});
