/** What `doctor` says of the engine that answers: which one it is, what a session would make there, what would hold. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contextNames } from '../mesh/runtimes/docker/context-store.ts';
import { dockerConfiguration, endpointWords, type EngineEndpoint } from '../mesh/runtimes/docker/endpoint.ts';
import { connectEngine } from '../mesh/runtimes/docker/dockerode-engine.ts';
import type { Engine } from '../mesh/runtimes/docker/engine.ts';
import type { EngineFacts } from '../mesh/runtimes/docker/engine-facts.ts';
import { ensureHelperImage } from '../mesh/runtimes/docker/helper-image.ts';
import { thisOwner } from '../mesh/runtimes/docker/labels.ts';
import { thisRealm } from '../mesh/runtimes/docker/realm.ts';
import { subnetRange, subnetRoom } from '../mesh/runtimes/docker/subnets.ts';
import { tryRules } from '../mesh/runtimes/docker/try-rules.ts';
import type { Diagnosis } from './diagnosis.ts';

/** The lines below that of the engine itself; where none answers, only what else is there. */
export async function diagnoseEngine(dataDir: string): Promise<Diagnosis[]> {
  const engine = await connectEngine().catch(() => null);
  if (engine === null) return others(null);
  const facts = await engine.facts();
  return [
    endpoint(engine.endpoint),
    kind(facts),
    ...(facts.containerOs === 'linux' ? await trial(engine, dataDir) : []),
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

/** The image that every pod needs, and the rules in it. */
async function trial(engine: Engine, dataDir: string): Promise<Diagnosis[]> {
  try {
    const image = await ensureHelperImage(engine, new AbortController().signal);
    const rules = await tryRules(engine, image, thisOwner(thisRealm(dataDir)));
    return [
      { state: 'ok', what: 'helper image', words: image },
      rules.containment === 'full'
        ? { state: 'ok', what: 'containment', words: 'full: nftables takes the rules of a pod' }
        : {
            state: 'missing',
            what: 'containment',
            words: `partial: nftables can't be used (${rules.why}); scenarios that need containment won't be green`,
          },
    ];
  } catch (error) {
    return [
      {
        state: 'broken',
        what: 'helper image',
        words: error instanceof Error ? error.message : String(error),
      },
    ];
  }
}

function subnets(): Diagnosis {
  try {
    const { all, free } = subnetRoom();
    return {
      state: free > 0 ? 'ok' : 'broken',
      what: 'subnets',
      words: `${subnetRange()} has room for ${free} more networks${free < all ? `; ${all - free} are in use here` : ''}`,
    };
  } catch (error) {
    return {
      state: 'broken',
      what: 'subnets',
      words: error instanceof Error ? error.message : String(error),
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
