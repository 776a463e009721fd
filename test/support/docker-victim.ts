/** A Greenroom to be killed: brings up one pod with a volume by the docker runtime, says so on its output, and waits. Argument: its data folder. */
import { BOX, ECHO_SERVICE } from './docker-box.ts';
import { dockerBench } from './docker-mesh.ts';

const volume = {
  kind: 'volume',
  name: 'data',
  target: '/data',
  access: 'read-write',
  copied: 'at-first',
} as const;
const bench = await dockerBench(
  [{ name: 'orders', image: BOX, command: ECHO_SERVICE, container: { mounts: [volume] } }],
  { dataDir: process.argv[2] ?? '' },
);
await bench.up();
console.log(bench.sessionId);
setInterval(() => undefined, 1_000);
