/** The checks behind `greenroom doctor`; each is tried, not guessed. */
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../mesh/make-folder.ts';
import { connectEngine } from '../mesh/runtimes/docker/dockerode-engine.ts';
import { messageOf } from '../model/message-of.ts';
import { diagnoseEngine } from './diagnose-engine.ts';
import type { Diagnosis } from './diagnosis.ts';
import { thisOwner } from '../mesh/runtimes/docker/labels.ts';
import { probeDocker, probeDriver } from '../mesh/runtimes/docker/probe.ts';
import { thisRealm } from '../mesh/runtimes/docker/realm.ts';

function node(): Diagnosis {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 22 || (major === 22 && minor >= 21);
  return {
    state: enough ? 'ok' : 'broken',
    what: 'node',
    words: enough
      ? `${process.versions.node} with OpenSSL ${process.versions.openssl}`
      : `${process.versions.node} is too old: 22.21 or newer is needed`,
  };
}

async function dataFolder(dataDir: string): Promise<Diagnosis> {
  const probe = join(dataDir, `doctor-${process.pid}`);
  try {
    makeFolder(dataDir, 0o700);
    await writeFile(probe, '');
    return { state: 'ok', what: 'data folder', words: dataDir };
  } catch (error) {
    return {
      state: 'broken',
      what: 'data folder',
      words: `cannot write to ${dataDir}: ${messageOf(error)}`,
    };
  } finally {
    // A file where the folder should be fails here too, and is told of already.
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

async function loopback(): Promise<Diagnosis> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve({ state: 'broken', what: 'loopback', words: `cannot listen on 127.0.0.1: ${error.message}` }),
    );
    server.listen(0, '127.0.0.1', () =>
      server.close(() => resolve({ state: 'ok', what: 'loopback', words: 'can listen on 127.0.0.1' })),
    );
  });
}

async function docker(dataDir: string, signal: AbortSignal): Promise<Diagnosis> {
  const probe = await probeDocker();
  if (!probe.available)
    return {
      state: 'missing',
      what: 'docker',
      words: `${probe.reason}; services run as processes until it is there`,
    };
  const measured = (async () => await probeDriver(thisOwner(thisRealm(dataDir)), connectEngine, signal))();
  return await measured.then(
    ({ driver, why }): Diagnosis => ({
      state: 'ok',
      what: 'docker',
      words: `engine ${probe.version}, ${driver} driver: ${why}`,
    }),
    (error: unknown): Diagnosis => ({
      state: 'broken',
      what: 'docker',
      words: `engine ${probe.version}: ${messageOf(error)}`,
    }),
  );
}

/** Reads Compose files; needs no engine. */
async function compose(): Promise<Diagnosis> {
  return await promisify(execFile)('docker', ['compose', 'version', '--short']).then(
    ({ stdout }): Diagnosis => ({ state: 'ok', what: 'compose', words: `plugin ${stdout.trim()}` }),
    (): Diagnosis => ({
      state: 'missing',
      what: 'compose',
      words: "docker's compose plugin isn't here; projects with a Compose file need it",
    }),
  );
}

/** Every check, in the order in which they are shown. Rejects with the signal; nothing is left of the trials then. */
export async function diagnose(dataDir: string, signal: AbortSignal): Promise<Diagnosis[]> {
  const here = await Promise.all([dataFolder(dataDir), loopback(), docker(dataDir, signal)]);
  signal.throwIfAborted();
  return [node(), ...here, ...(await diagnoseEngine(dataDir, signal)), await compose()];
}
