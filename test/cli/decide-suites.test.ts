import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideSuites } from '../../cli/decide-suites.ts';
import { FilesError } from '../../cli/exit-codes.ts';
import { keySetText, requestAuthentication, signer } from '../support/tokens.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'greenroom-suites-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function suite(expectation: string, more = ''): string {
  return `apiVersion: greenroom.dev/v1
kind: DecisionSuite
metadata: { name: mine }
spec:
  policyFiles: [policies.yaml]
  cases:
    - id: only
      from: { principal: cluster.local/ns/shop/sa/web, ip: 10.0.0.1 }
      to: { namespace: shop, serviceAccount: cart, labels: { app: cart }, port: 8080 ${more} }
      request: { protocol: http, method: GET, path: /a }
      expect: ${expectation}
`;
}

const POLICY =
  'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: none, namespace: shop }\nspec: {}\n';

describe('decideSuites', () => {
  it('refuses a file that is no DecisionSuite, by name', async () => {
    for (const text of ['kind: Mesh\n', '{', '', 'apiVersion: greenroom.dev/v1\nkind: DecisionSuite\n']) {
      const path = await file('other.yaml', text);
      await expect(decideSuites([path]), text).rejects.toBeInstanceOf(FilesError);
      await expect(decideSuites([path]), text).rejects.toMatchObject({
        message: expect.stringContaining(path),
      });
    }
  });

  it('names a suite that is not there', async () => {
    const gone = join(folder, 'gone.json');
    await expect(decideSuites([gone])).rejects.toMatchObject({
      problems: [{ code: 'unreadable-file', at: { file: gone, line: 1, column: 1 } }],
    });
  });

  it('names the line of a suite that asks for a file of policies that is not there', async () => {
    const path = await file('lost.yaml', suite('{ decision: deny }').replace('policies.yaml', 'gone.yaml'));
    await expect(decideSuites([path])).rejects.toMatchObject({
      problems: [
        {
          code: 'unreadable-file',
          message: `${join(folder, 'gone.yaml')}: the file can't be read: it does not exist`,
          at: { file: path, line: 5, column: 17 },
        },
      ],
    });
  });

  it('refuses policies that Istio would refuse', async () => {
    await file(
      'policies.yaml',
      POLICY.replace('spec: {}', 'spec: { rules: [{ when: [{ key: nonsense, values: [x] }] }] }'),
    );
    await expect(decideSuites([await file('bad.yaml', suite('{ decision: deny }'))])).rejects.toBeInstanceOf(
      FilesError,
    );
  });

  it('counts a difference, and says what was wanted and why not', async () => {
    await file('policies.yaml', POLICY);
    const outcome = await decideSuites([await file('differs.yaml', suite('{ decision: allow }'))]);
    expect(outcome).toMatchObject({ cases: 1, agree: 0, differ: 1 });
    expect(outcome.lines.join('\n')).toContain('decision: wanted "allow", got "deny"');
    expect(outcome.lines.join('\n')).toContain('none has no rules, so nobody gets in.');
  });

  it('never takes what it can not judge or compare as agreement', async () => {
    await file('policies.yaml', POLICY);
    const gateway = await decideSuites([
      await file('gateway.yaml', suite('{ decision: deny, status: 403 }', ', kind: waypoint')),
    ]);
    expect(gateway.differ).toBe(1);
    const compared = await decideSuites([
      await file('checked.yaml', suite('{ decision: deny, checked: { asked: true } }')),
    ]);
    expect(compared.differ).toBe(1);
    for (const unknown of ['checked: { asked: false, body: x }', 'upstreamBody: x']) {
      const given = await decideSuites([await file('unknown.yaml', suite(`{ decision: deny, ${unknown} }`))]);
      expect(given.differ, unknown).toBe(1);
    }
  });

  it('agrees with status, details and body of Envoy’s denial', async () => {
    await file('policies.yaml', POLICY);
    const expectation =
      '{ decision: deny, status: 403, details: "rbac_access_denied_matched_policy[none]", body: "RBAC: access denied" }';
    expect(await decideSuites([await file('agrees.yaml', suite(expectation))])).toMatchObject({
      cases: 1,
      agree: 1,
      differ: 0,
    });
  });

  it('verifies tokens with keys in a file beside the suite, and refuses them where it is gone', async () => {
    const issuer = signer();
    const token = issuer.token({ iss: 'https://issuer.example' });
    const policy = requestAuthentication([{ issuer: 'https://issuer.example', jwksUri: './keys.json' }]);
    const { apiVersion, kind, metadata, spec } = policy;
    const text = suite('{ decision: allow }')
      .replace(
        'policyFiles: [policies.yaml]',
        `policies: [${JSON.stringify({ apiVersion, kind, metadata, spec })}]`,
      )
      .replace('path: /a', `path: /a, token: ${token}`);
    const path = await file('with-keys.yaml', text);
    expect(await decideSuites([path])).toMatchObject({
      differ: 1,
      results: [{ decision: { status: 401, reason: 'token-signature-invalid' } }],
    });
    await file('keys.json', keySetText(issuer));
    expect(await decideSuites([path])).toMatchObject({ agree: 1, differ: 0 });
  });
});
