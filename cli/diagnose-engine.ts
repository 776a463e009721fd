/** What `doctor` says of the engine that answers: which one it is, what a session would make there, what would hold. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contextNames } from '../mesh/runtimes/docker/context-store.ts';
import { dockerConfiguration, endpointWords, type EngineEndpoint } from '../mesh/runtimes/docker/endpoint.ts';
import { doctorSession } from '../mesh/runtimes/docker/doctor-session.ts';
import { connectEngine } from '../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../mesh/runtimes/docker/engine.ts';
import type { EngineFacts } from '../mesh/runtimes/docker/engine-facts.ts';
import { ensureHelperImage } from '../mesh/runtimes/docker/helper-image.ts';
import { thisOwner } from '../mesh/runtimes/docker/labels.ts';
import { thisRealm } from '../mesh/runtimes/docker/realm.ts';
import { subnetCandidates, subnetRange, subnetRoom } from '../mesh/runtimes/docker/subnets.ts';
import { type RulesTrial, tryRules } from '../mesh/runtimes/docker/try-rules.ts';
import { messageOf } from '../model/message-of.ts';
import type { Diagnosis } from './diagnosis.ts';

/** The lines below that of the engine itself; where none answers, only what else is there. */
export async function diagnoseEngine(dataDir: string, signal: AbortSignal): Promise<Diagnosis[]> {
  const engine = await connectEngine().catch(() => null);
  if (engine === null) return others(null);
  const facts = await engine.facts();
  return [
    endpoint(engine.endpoint),
    kind(facts),
    ...(facts.containerOs === 'linux' ? await trial(engine, dataDir, signal) : []),
    subnets(),
    ...others(engine.endpoint),
  ];
}

function endpoint(found: EngineEndpoint): Diagnosis {
  const open = /^(tcp|http):/.test(found.url) && found.tls === undefined;
  const lax = found.tls?.server === 'unverified';
  const remark = open
    ? '; without TLS: whoever reaches this port is root there'
    : lax
      ? '; its certificate isn’t verified: anybody may pretend to be it'
      : '';
  return {
    state: open || lax ? 'missing' : 'ok',
    what: 'endpoint',
    words: `${endpointWords(found)}${remark}`,
  };
}

function kind({ product, version, operatingSystem, rootless }: EngineFacts): Diagnosis {
  const words = `${product} ${version} on ${operatingSystem}, ${rootless ? 'rootless' : 'as root'}`;
  return product === 'Podman'
    ? { state: 'missing', what: 'engine', words: `${words}; of its Docker API not all is known to work` }
    : { state: 'ok', what: 'engine', words };
}

/** The image that every pod needs, and a container of it that tries to get past the rules of one. */
async function trial(engine: Engine, dataDir: string, signal: AbortSignal): Promise<Diagnosis[]> {
  const broken =
    (what: string) =>
    (error: unknown): Diagnosis => {
      signal.throwIfAborted();
      return { state: 'broken', what, words: messageOf(error) };
    };
  const image = await ensureHelperImage(engine, signal).catch(broken('helper image'));
  if (typeof image !== 'string') return [image];
  const measured = async (): Promise<Diagnosis> => {
    const session = doctorSession(thisOwner(thisRealm(dataDir)));
    const subnets = subnetCandidates(session.id);
    return containment(await tryRules({ engine, session, helperImage: image, subnets }, signal));
  };
  const rules = await measured().catch(broken('containment'));
  return [{ state: 'ok', what: 'helper image', words: image }, rules];
}

function containment(rules: RulesTrial): Diagnosis {
  const what = 'containment';
  const note = 'scenarios that need containment won’t be green';
  switch (rules.containment) {
    case 'full':
      return {
        state: 'ok',
        what,
        words: `full: a container reached ${rules.canary} before the rules of a pod, and was refused under them`,
      };
    case 'partial':
      return {
        state: 'missing',
        what,
        words: `partial: nftables can’t be used (${rules.why}); ${note}`,
      };
    case 'none':
      return {
        state: 'broken',
        what,
        words: `the rules of a pod don’t hold on this engine: ${rules.why}; no service is started there`,
      };
    case 'unknown':
      return { state: 'missing', what, words: `not measured: ${rules.why}; ${note}` };
  }
}

function subnets(): Diagnosis {
  try {
    const { all, free } = subnetRoom();
    return {
      state: free > 0 ? 'ok' : 'broken',
      what: 'subnets',
      words: `${subnetRange()} has room for ${free} more networks${free < all ? `; in use here: ${all - free}` : ''}`,
    };
  } catch (error) {
    return {
      state: 'broken',
      what: 'subnets',
      words: messageOf(error),
    };
  }
}

/** Engines that would answer to another choice. */
function others(chosen: EngineEndpoint | null): Diagnosis[] {
  const names = contextNames(dockerConfiguration()).filter((name) => name !== chosen?.context);
  const folder = process.env['XDG_RUNTIME_DIR'];
  const sockets = ['/run/podman/podman.sock', ...(folder ? [join(folder, 'podman/podman.sock')] : [])]
    .filter((path) => existsSync(path))
    .map((path) => `DOCKER_HOST=unix://${path}`)
    .filter((text) => !text.endsWith(`=${chosen?.url}`));
  const found = [...names.map((name) => `--context ${name}`), ...sockets];
  return found.length === 0
    ? []
    : [{ state: 'ok', what: 'others', words: `also to choose: ${found.join(', ')}` }];
}
