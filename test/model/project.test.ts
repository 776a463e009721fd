/** greenroom.yaml: every fault at its own line and column, with the way out. */
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../model/problem.ts';
import { parseProject } from '../../model/project.ts';

const HEAD = 'apiVersion: greenroom.dev/v1\nkind: Mesh\nmetadata: { name: shop }\n';

function problemsOf(spec: string): string[] {
  return parseProject(`${HEAD}spec:\n${spec}`, 'greenroom.yaml').problems.map(formatProblem);
}

describe('a wrong project file', () => {
  it.each([
    [
      'a misspelt key',
      '  services:\n    web: { comand: node web.js }\n',
      'greenroom.yaml:6:12: error unknown-key: unknown key "comand" in spec.services.web\n  hint: did you mean command?',
    ],
    [
      'a misspelt key in a list',
      '  services:\n    web:\n      command: x\n      ports: [{ port: 80, tagetPort: 8080 }]\n',
      'greenroom.yaml:8:27: error unknown-key: unknown key "tagetPort" in spec.services.web.ports[0]\n  hint: did you mean targetPort?',
    ],
    [
      'a key that nobody could have meant',
      '  banana: 1\n',
      'greenroom.yaml:5:3: error unknown-key: unknown key "banana" in spec\n  hint: known here: namespace, trustDomain, compose, services, gateways, policies, scenarios, ignore, meshConfig',
    ],
    [
      'an attached address without a port',
      '  services:\n    web: { attach: "127.0.0.1" }\n',
      'greenroom.yaml:6:12: error invalid-value: spec.services.web.attach: host:port, such as 127.0.0.1:3000',
    ],
    [
      'an attached address at port 0',
      '  services:\n    web: { attach: "127.0.0.1:0" }\n',
      'greenroom.yaml:6:12: error invalid-value: spec.services.web.attach: host:port, such as 127.0.0.1:3000',
    ],
    [
      'an attached address at a port beyond the last',
      '  services:\n    web: { attach: "127.0.0.1:65536" }\n',
      'greenroom.yaml:6:12: error invalid-value: spec.services.web.attach: host:port, such as 127.0.0.1:3000',
    ],
    [
      'an attached address that is a URL',
      '  services:\n    web: { attach: "http://127.0.0.1:3000" }\n',
      'greenroom.yaml:6:12: error invalid-value: spec.services.web.attach: host:port, such as 127.0.0.1:3000',
    ],
    [
      'a misspelt witness',
      '  services:\n    web: { command: x, witness: { ecko: /seen } }\n',
      'greenroom.yaml:6:24: error missing-field: spec.services.web.witness.echo is missing: a string',
    ],
    [
      'a witness that is no kind of it',
      '  services:\n    web: { command: x, witness: lag }\n',
      'greenroom.yaml:6:24: error invalid-value: spec.services.web.witness must be log, not "lag"\n  hint: did you mean log?',
    ],
    [
      'a command that is a map',
      '  services:\n    web: { command: { a: 1 } }\n',
      'greenroom.yaml:6:12: error wrong-type: spec.services.web.command must be a string or a list, not a map',
    ],
    [
      'a port that is none',
      '  services:\n    web: { command: x, ports: [{ port: 99999 }] }\n',
      'greenroom.yaml:6:34: error invalid-value: spec.services.web.ports[0].port: too big: expected number to be <=65535',
    ],
    [
      'a label that YAML reads as a number',
      '  services:\n    web: { command: x, labels: { version: 1 } }\n',
      'greenroom.yaml:6:34: error wrong-type: spec.services.web.labels.version must be a string, not 1\n  hint: put it in quotes: "1"',
    ],
    [
      'a list of Compose files that is empty',
      '  compose: []\n',
      'greenroom.yaml:5:3: error invalid-value: spec.compose: too small: expected array to have >=1 items',
    ],
    [
      'a mode of path normalization that Istio has not',
      '  meshConfig: { pathNormalization: MERGE_SLASH }\n',
      'greenroom.yaml:5:17: error invalid-value: spec.meshConfig.pathNormalization must be one of NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES, DEFAULT, not "MERGE_SLASH"\n  hint: did you mean MERGE_SLASHES?',
    ],
  ])('names %s', (_, spec, expected) => {
    expect(problemsOf(spec)[0]).toBe(expected);
  });

  it('names all faults of a file, in its order', () => {
    const { value, problems } = parseProject(
      'apiVersion: greenroom.dev/v2\nkind: Mess\nspec: { servces: {} }\n',
      'g.yaml',
    );
    expect(value).toBeNull();
    expect(problems.map(({ at, code }) => `${at?.line} ${code}`)).toEqual([
      '1 invalid-value',
      '1 missing-field',
      '2 invalid-value',
      '3 unknown-key',
    ]);
  });

  it('says of a service with a bad name which one it is', () => {
    expect(problemsOf('  services:\n    My_Service: { command: x }\n')[0]).toContain(
      'greenroom.yaml:6:5: error invalid-value: spec.services.My_Service:',
    );
  });

  it.each(['', 'null', '[]', '3', 'text', '---\n---\n'])('is refused when it is %j', (text) => {
    const { value, problems } = parseProject(text, 'g.yaml');
    expect({ value, code: problems[0]?.code }).toEqual({ value: null, code: expect.any(String) });
  });
});

describe('a right project file', () => {
  it("gets Istio's defaults", () => {
    const { value, problems } = parseProject(`${HEAD}spec: {}\n`, 'g.yaml');
    expect(problems).toEqual([]);
    expect(value?.spec).toEqual({
      namespace: 'default',
      trustDomain: 'cluster.local',
      gateways: {},
      services: {},
      policies: [],
      scenarios: [],
      ignore: [],
      meshConfig: {
        pathNormalization: 'BASE',
        outboundTrafficPolicy: 'ALLOW_ANY',
        rootNamespace: 'istio-system',
        trustDomainAliases: [],
        numTrustedProxies: 0,
        extensionProviders: [],
      },
    });
  });
});
