/**
 * One instance's pod: an internal network of its own, a holder container that owns the network namespace in it, and
 * the rules therein. The service comes later and joins the namespace without the right to change it.
 * Proves with a canary that the way to this process is there before the rules, and not afterwards.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Instance, Workload } from '../../../model/mesh.ts';
import type { Refusals } from '../../../model/refusals.ts';
import type { EgressPlan } from '../runtime.ts';
import type { ContainerSpec } from './container-body.ts';
import type { Engine } from './engine.ts';
import { labelsOf, type Owner } from './labels.ts';
import { engineName } from './names.ts';
import { createOwnNetwork } from './own-network.ts';
import { type OneShotEnd, runOnce } from './one-shot.ts';
import { type PodNetwork, wasVisited } from './pod-network.ts';
import { readRefusals } from './refusals.ts';
import { hostsLines, namesScript, nftRules, RULES_EXIT, rulesScript, type PodFacts } from './rules.ts';
import type { Subnet } from './subnets.ts';

const NOBODY = '65534:65534';
const NO_PRIVILEGE = ['no-new-privileges'];

/** What all pods of a session have in common. */
export interface PodContext {
  engine: Engine;
  session: { id: string; mesh: string; owner: Owner };
  helperImage: string;
  /** Candidates, shared by the pods of a session so that none is tried twice. */
  subnets: Iterator<Subnet, never>;
}

/** With the way between a pod and this process. */
export interface JoinedContext extends PodContext {
  network: PodNetwork;
}

export interface Pod {
  readonly instance: Instance;
  readonly workload: Workload;
  /** Of its network. */
  readonly name: string;
  readonly gateway: string;
  readonly address: string;
  readonly holder: string;
  /** Where it finds its sidecar, and whence that comes. */
  readonly sidecar: string;
}

export type Containment = { kind: 'full' } | { kind: 'partial'; why: string };

/** Makes the network and the holder. What is half made when it fails carries the session's labels. */
export async function createPod(
  context: JoinedContext,
  { instance, workload }: { instance: Instance; workload: Workload },
  signal: AbortSignal,
): Promise<Pod> {
  const { engine, session } = context;
  const name = engineName(session.id, instance.id);
  const labels = labelsOf(session, instance.id, 'network');
  const gateway = await createOwnNetwork(context, { name, labels }, signal);
  signal.throwIfAborted();
  const holder = await engine.createContainer({
    name: engineName(session.id, instance.id, 'pod'),
    image: context.helperImage,
    labels: labelsOf(session, instance.id, 'holder'),
    // The longest sleep that every busybox understands: 68 years.
    command: ['busybox', 'sleep', '2147483647'],
    ...namespaceOptions(instance, workload),
    user: NOBODY,
    network: name,
    capabilitiesDropped: ['ALL'],
    securityOptions: NO_PRIVILEGE,
    filesystem: 'read-only',
    processLimit: 8,
  });
  signal.throwIfAborted();
  await engine.startContainer(holder);
  const pod = { instance, workload, name, gateway, address: await engine.address(holder, name), holder };
  return { ...pod, sidecar: await context.network.join(pod) };
}

/**
 * Starts the holder where it doesn't run: after a crash of it, or with the engine. Returns what tells its network
 * namespace from those before, in which no rules of another are in force.
 * @throws EnvironmentError `pod-lost` where it is gone, or came back with another address than its sidecar knows
 */
export async function openNamespace({ engine, session }: PodContext, pod: Pod): Promise<string> {
  if ((await engine.inspect(pod.holder))?.state !== 'running') await engine.startContainer(pod.holder);
  const facts = await engine.inspect(pod.holder);
  const address =
    facts?.state === 'running'
      ? await engine.address(pod.holder, engineName(session.id, pod.instance.id))
      : 'none';
  if (facts && address === pod.address) return facts.startedAt;
  throw new EnvironmentError(
    'pod-lost',
    `The pod of ${pod.instance.id} came back with the address ${address} in the place of ${pod.address}: nothing was started in it.`,
    { hint: 'start the session again' },
  );
}

/** Whether the pod still is the namespace in which rules were installed. False where that can't be seen. */
export async function isNamespace(engine: Engine, pod: Pod, namespace: string | null): Promise<boolean> {
  const facts = await engine.inspect(pod.holder).catch(() => null);
  return facts?.state === 'running' && facts.startedAt === namespace;
}

/**
 * Installs rules and names for these peers, and measures that they hold. `partial` = the engine's kernel or image
 * has no nftables: then names lead to the sidecar's address and only the internal network contains the service.
 */
export async function installRules(
  context: JoinedContext,
  pod: Pod,
  egress: EgressPlan,
  signal: AbortSignal,
): Promise<Containment> {
  const facts: PodFacts = {
    namespace: pod.workload.namespace,
    sidecar: pod.sidecar,
    ports: pod.workload.ports.map(({ targetPort }) => targetPort),
  };
  const canary = await context.network.openCanary(pod);
  try {
    const full = await runInPod(context, pod, signal, {
      script: rulesScript(facts, egress.peers, canary.port),
      environment: {
        RULES: nftRules(facts, egress.peers),
        HOSTS: hostsLines(facts, egress.peers).join('\n'),
      },
    });
    if (full.code === RULES_EXIT.unreachable || !(await wasVisited(canary)))
      throw context.network.unreachable(pod);
    if (full.code === RULES_EXIT.done && canary.visits() === 1) return { kind: 'full' };
    if (full.code !== RULES_EXIT.noRules) throw leaking(pod, full);
    const direct = egress.peers.map((peer) => ({ ...peer, clusterIp: pod.sidecar }));
    const names = await runInPod(context, pod, signal, {
      script: namesScript(),
      environment: { HOSTS: hostsLines(facts, direct).join('\n') },
    });
    if (names.code !== 0) throw leaking(pod, names);
    return { kind: 'partial', why: `nftables can't be used (${full.lines.at(-1) ?? 'no reason given'})` };
  } finally {
    await canary.close();
  }
}

/** What its rules refused so far; null where none are in force. */
export function podRefusals(
  { engine, session, helperImage }: PodContext,
  pod: Pod,
): Promise<Refusals | null> {
  return readRefusals(engine, {
    id: pod.holder,
    name: engineName(session.id, pod.instance.id),
    image: helperImage,
    labels: labelsOf(session, pod.instance.id, 'rules'),
  });
}

async function runInPod(
  { engine, session, helperImage }: PodContext,
  pod: Pod,
  signal: AbortSignal,
  task: { script: string; environment: Readonly<Record<string, string>> },
): Promise<OneShotEnd> {
  signal.throwIfAborted();
  return await runOnce(engine, {
    network: `container:${pod.holder}`,
    rights: 'rules',
    image: helperImage,
    name: engineName(session.id, pod.instance.id, 'rules'),
    labels: labelsOf(session, pod.instance.id, 'rules'),
    ...task,
  });
}

function leaking(pod: Pod, { code, lines }: OneShotEnd): EnvironmentError {
  return new EnvironmentError(
    'containment-failed',
    `The rules of ${pod.instance.id} don't hold (code ${code}): nothing was started in it.`,
    { lines },
  );
}

/** What belongs to the pod's namespaces and not to the service's container: the engine refuses it there. */
function namespaceOptions(
  instance: Instance,
  workload: Workload,
): Pick<ContainerSpec, 'hostname' | 'domainname' | 'extraHosts' | 'sysctls'> {
  const { container } = workload.run;
  const sysctls = Object.entries(container?.sysctls ?? {}).filter(([name]) => isOfNetwork(name));
  return {
    hostname: container?.hostname ?? hostname(instance.id),
    ...(container?.domainname ? { domainname: container.domainname } : {}),
    ...(container ? { extraHosts: container.extraHosts, sysctls: Object.fromEntries(sysctls) } : {}),
  };
}

/** Whether a sysctl belongs to the network namespace, which is the holder's. */
export function isOfNetwork(sysctl: string): boolean {
  return sysctl.startsWith('net.');
}

/** A host name as Kubernetes gives it: the instance's, without the namespace. */
function hostname(instance: string): string {
  return instance.slice(instance.indexOf('/') + 1).slice(0, 63);
}
