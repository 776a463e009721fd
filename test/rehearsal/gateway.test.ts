/**
 * The sample project with a gateway, for real: its services as processes, requests from outside over TLS, every
 * scenario. And the steps that can't be run at a gateway.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readScenarios } from '../../host/scenarios.ts';
import { loadProject } from '../../mesh/load-project.ts';
import type { Session } from '../../mesh/session.ts';
import { startSession } from '../../mesh/start-session.ts';
import type { ParsedScenario } from '../../model/scenario-file.ts';
import { parseScenarioFile } from '../../model/scenario-file.ts';
import { unknownWorkloads } from '../../model/scenario-references.ts';
import { runRehearsal } from '../../rehearsal/run-rehearsal.ts';

let session: Session;
let dataDir: string;
let scenarios: ParsedScenario[];
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../scenarios/gateway', import.meta.url));
  const { value: mesh, problems } = await loadProject(folder);
  expect(problems.map(({ code }) => code)).toEqual(['credential-issued', 'credential-issued']);
  if (!mesh) throw new Error('no mesh');
  const read = await readScenarios(mesh);
  expect(read.flatMap((entry) => entry.problems)).toEqual([]);
  scenarios = read.flatMap(({ parsed }) => parsed ?? []);
  dataDir = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  session = await startSession({ mesh, runtime: 'process', dataDir });
});
afterAll(async () => {
  await session.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function step(http: string, expectation: string, kind = 'http: { from: attacker,') {
  const text = `apiVersion: greenroom.dev/v1
kind: Scenario
metadata: { id: one }
info: { title: one step }
steps: [ { id: it, timeout: 2s, ${kind} to: reviews, ${http} }, expect: { ${expectation} } } ]
`;
  const { value } = parseScenarioFile(text, 's.yaml');
  if (!value) throw new Error('no scenario');
  const { scenarios: reports } = await runRehearsal(session, [value]);
  return reports[0]?.steps[0];
}

describe('a step at a gateway', () => {
  it.each([
    ['gateway: nowhere', /no gateway is called nowhere; gateways: istio-ingressgateway/],
    ['gateway: istio-ingressgateway, port: 9', /has no port 9; its ports: 80, 443/],
    ['gateway: istio-ingressgateway, port: 80, sni: a.example', /the port speaks plaintext/],
  ])('with %s is errored, and says what there is', async (http, message) => {
    expect(await step(http, 'decision: deny')).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['gateway: nowhere, certificate: none', /no gateway is called nowhere/],
    ['gateway: istio-ingressgateway, port: 80, certificate: none', /speaks plaintext/],
  ])('of TLS with %s is errored', async (tls, message) => {
    expect(await step(tls, 'decision: deny', 'tls: {')).toMatchObject({
      verdict: 'errored',
      message: expect.stringMatching(message),
    });
  });

  it('fails where the gateway lets in what it should not', async () => {
    const http =
      'gateway: istio-ingressgateway, host: shop.example.com, path: /reviews, headers: { x-forwarded-for: 192.0.2.7 }';
    const report = await step(http, 'decision: deny');
    expect(report).toMatchObject({ verdict: 'failed', witness: { arrived: true } });
    expect(report?.message).toContain(
      'GET https://shop.example.com/reviews by istio-ingressgateway of an attacker got through to reviews',
    );
  });
});

describe('a fault between a gateway and a service', () => {
  it('is injected by the gateway, and gone afterwards', async () => {
    const call =
      'from: attacker, to: reviews, gateway: istio-ingressgateway, host: shop.example.com, path: /reviews, headers: { x-forwarded-for: 192.0.2.7 }';
    const text = `apiVersion: greenroom.dev/v1
kind: Scenario
metadata: { id: faulty }
info: { title: the reviews are gone }
steadyState: [ { http: { ${call} }, expect: { status: 200 } } ]
faults: [ { from: istio-ingressgateway, to: reviews, kind: abort, status: 503 } ]
steps: [ { http: { ${call} }, expect: { decision: deny, phase: route, status: 503, upstream: untouched } } ]
`;
    const { value } = parseScenarioFile(text, 's.yaml');
    if (!value) throw new Error('no scenario');
    expect(unknownWorkloads(value, session.mesh)).toEqual([]);
    const report = await runRehearsal(session, [value]);
    expect(report.scenarios[0]).toMatchObject({ verdict: 'passed', message: null });
  });
});

describe('the project with a gateway', () => {
  it('passes all of its scenarios', async () => {
    const report = await runRehearsal(session, scenarios);
    const told = report.scenarios.map(({ id, verdict, message }) => [id, verdict, message]);
    expect(told).toEqual([
      ['clients-cannot-say-who-they-are', 'passed', null],
      ['customers-come-in', 'passed', null],
      ['names-do-not-mix', 'passed', null],
      ['partners-show-who-they-are', 'passed', null],
    ]);
    const steps = report.scenarios.flatMap((scenario) => scenario.steps);
    expect(steps.find(({ id }) => id === 'once-more')?.explanation?.sentence).toContain(
      "RateLimit istio-system/partners doesn't take so many requests",
    );
    expect(steps.filter(({ witness }) => witness?.arrived === false).length).toBeGreaterThan(8);
  });
});
