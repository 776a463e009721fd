/**
 * What two sidecars cost: the same application asked directly and through `web`'s and `orders`' sidecars (mutual
 * TLS, a policy, events delivered), in one run, interleaved. The ratio is what is comparable between machines.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ALLOW_WEB, startPair } from '../test/support/sidecar-pair.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { measure, type Measured } from './load.ts';

const CONNECTIONS = 32;
const WARM_UP_MS = 1_000;

/** An application that costs next to nothing, on a thread of its own. */
const APPLICATION = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer((request, response) => response.writeHead(200, { 'content-length': 2 }).end('ok'));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** Requests a second directly and through two sidecars, and the ratio. */
export async function benchPair({ rounds = 3, seconds = 2 }: BenchOptions): Promise<BenchReport> {
  const roundMs = seconds * 1_000;
  const application = new Worker(APPLICATION, { eval: true });
  const [port] = (await once(application, 'message')) as [number];
  const direct = { host: '127.0.0.1', port };
  const pair = await startPair(direct);
  try {
    await pair.publish({ policies: [ALLOW_WEB] });
    const through = pair.at('web-0', 'orders:80');
    const load = (at: { host: string; port: number }, durationMs: number): Promise<Measured> =>
      measure({ ...at, connections: CONNECTIONS, durationMs });
    await load(direct, WARM_UP_MS);
    await load(through, WARM_UP_MS);
    const results = { direct: [] as Measured[], pair: [] as Measured[] };
    let cpuMicros = 0;
    let requests = 0;
    for (let round = 0; round < rounds; round += 1) {
      results.direct.push(await load(direct, roundMs));
      const before = process.cpuUsage();
      const measured = await load(through, roundMs);
      const { user, system } = process.cpuUsage(before);
      cpuMicros += user + system;
      requests += measured.requestsPerSecond * seconds;
      results.pair.push(measured);
    }
    const best = (of: Measured[]): Measured =>
      of.reduce((a, b) => (b.requestsPerSecond > a.requestsPerSecond ? b : a));
    const [plain, meshed] = [best(results.direct), best(results.pair)];
    await pair.plane.flush();
    const lines = [
      `direct    ${line(plain)}`,
      `two hops  ${line(meshed)}, ${Math.round(cpuMicros / requests)} µs of CPU a request (load and application included)`,
      `ratio     ${(meshed.requestsPerSecond / plain.requestsPerSecond).toFixed(3)} of direct`,
      `events    ${pair.events.length} delivered`,
    ];
    return { lines, figures: { direct: plain, pair: meshed }, failures: [] };
  } finally {
    await pair.close();
    await application.terminate();
  }
}

function line({ requestsPerSecond, medianMs, p99Ms }: Measured): string {
  return `${Math.round(requestsPerSecond)} requests/s, median ${medianMs.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}
