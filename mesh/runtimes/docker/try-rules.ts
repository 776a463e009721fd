/**
 * Whether the rules of a pod hold on an engine: measured with the rules, the script and the image that sessions use, in
 * a container that calls a canary before them, which must be reached, and after them, which must not.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import { openCanaryAt } from './gateway-network.ts';
import { labelsOf } from './labels.ts';
import { engineName } from './names.ts';
import { createOwnNetwork } from './own-network.ts';
import type { PodContext } from './pod.ts';
import { hostsLines, nftRules, RULES_EXIT, trialScript } from './rules.ts';

/** `none` = the rules are taken and don't bite; `unknown` = the canary wasn't reached without them either. */
export type RulesTrial =
  | { containment: 'full'; canary: string }
  | { containment: 'partial' | 'none' | 'unknown'; why: string };

const NAME = 'trial';
const NEIGHBOUR_PORT = 8_080;

/** Who is called: on this machine where the engine's bridges are, else a container of the same network. */
interface Canary {
  words: string;
  host: string;
  port: number;
  close(): Promise<void>;
}

/** Makes one network and two containers at most, and removes them. Rejects where the engine refuses, and with the signal. */
export async function tryRules(context: PodContext, signal: AbortSignal): Promise<RulesTrial> {
  const { engine, session } = context;
  const network = engineName(session.id, NAME);
  const gateway = await createOwnNetwork(
    context,
    { name: network, labels: labelsOf(session, NAME, 'network') },
    signal,
  );
  try {
    const here = await onThisMachine(gateway);
    const trial = here && (await callCanary(context, { network, canary: here }, signal));
    // Bridges elsewhere, or behind a firewall, leave the question open: the rules are asked by another container.
    if (trial !== null && trial.containment !== 'unknown') return trial;
    return await callCanary(context, { network, canary: await neighbour(context, network, signal) }, signal);
  } finally {
    // By name: it was made here, under the session's own.
    await engine.removeNetwork(network);
  }
}

async function onThisMachine(gateway: string): Promise<Canary | null> {
  try {
    const { port, close } = await openCanaryAt(gateway);
    return { words: `this machine at ${gateway}`, host: gateway, port, close };
  } catch (error) {
    if (error instanceof EnvironmentError) return null;
    throw error;
  }
}

async function neighbour(context: PodContext, network: string, signal: AbortSignal): Promise<Canary> {
  const { engine } = context;
  const listen = `exec busybox nc -ll -p ${NEIGHBOUR_PORT} -e busybox true`;
  const id = await create(context, { network, part: 'canary', script: listen, capabilities: [] }, signal);
  try {
    await engine.startContainer(id);
    const host = await engine.address(id, network);
    return {
      words: `a container at ${host}`,
      host,
      port: NEIGHBOUR_PORT,
      close: () => engine.removeContainer(id),
    };
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
}

async function callCanary(
  context: PodContext,
  { network, canary }: { network: string; canary: Canary },
  signal: AbortSignal,
): Promise<RulesTrial> {
  try {
    return await callWithRules(context, { network, canary }, signal);
  } finally {
    await canary.close();
  }
}

async function callWithRules(
  context: PodContext,
  { network, canary }: { network: string; canary: Canary },
  signal: AbortSignal,
): Promise<RulesTrial> {
  const { engine } = context;
  const pod = { namespace: NAME, sidecar: canary.host, ports: [NEIGHBOUR_PORT] };
  const listen = { host: canary.host, port: otherThan(canary.port) };
  const peers = [
    { service: 'peer', namespace: NAME, clusterIp: '192.0.2.9', port: 80, protocol: 'http', listen },
  ];
  const script = trialScript(pod, peers, canary.port);
  const environment = { RULES: nftRules(pod, peers), HOSTS: hostsLines(pod, peers).join('\n') };
  const id = await create(
    context,
    { network, part: 'rules', script, environment, capabilities: ['NET_ADMIN'] },
    signal,
  );
  try {
    const lines: string[] = [];
    await engine.startContainer(id);
    const followed = engine.follow(id, ({ text }) => lines.push(text));
    const [code] = await orAborted(Promise.all([engine.exited(id), followed]), signal);
    return judged(code, lines, canary);
  } finally {
    await engine.removeContainer(id);
  }
}

function judged(code: number, lines: readonly string[], canary: Canary): RulesTrial {
  const said = lines.at(-1) ?? `code ${code}`;
  switch (code) {
    case RULES_EXIT.done:
      return { containment: 'full', canary: canary.words };
    case RULES_EXIT.unreachable:
      return { containment: 'unknown', why: `no container reaches ${canary.words}, with rules or without` };
    case RULES_EXIT.noRules:
      return { containment: 'partial', why: said };
    case RULES_EXIT.leaks:
      return { containment: 'none', why: `with them in force a container still reaches ${canary.words}` };
    case RULES_EXIT.canaryGone:
      return { containment: 'unknown', why: `${canary.words} was gone before the trial was over` };
    default:
      return { containment: 'unknown', why: `the trial ended with ${said}` };
  }
}

/** A listener of a peer, where nobody listens: the canary belongs to no peer. */
function otherThan(port: number): number {
  return port === 40_000 ? 40_001 : 40_000;
}

interface Task {
  network: string;
  part: string;
  script: string;
  environment?: Readonly<Record<string, string>>;
  capabilities: readonly string[];
}

async function create(
  { engine, session, helperImage }: PodContext,
  { network, part, script, environment = {}, capabilities }: Task,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  return await engine.createContainer({
    name: engineName(session.id, NAME, part),
    image: helperImage,
    labels: labelsOf(session, NAME, 'rules'),
    command: ['busybox', 'sh', '-c', script],
    environment,
    user: '0:0',
    network,
    capabilitiesDropped: ['ALL'],
    capabilitiesAdded: [...capabilities],
    securityOptions: ['no-new-privileges'],
  });
}

/** Nobody waits for a container that is about to be removed. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // What goes on after the abort fails with the container.
  work.catch(() => undefined);
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return await Promise.race([work, aborted]);
}
