/** A Greenroom to be killed: brings up one pod by the docker runtime, says so on its output, and waits. */
import { BOX, ECHO_SERVICE } from './docker-box.ts';
import { dockerBench } from './docker-mesh.ts';

const bench = await dockerBench([{ name: 'orders', image: BOX, command: ECHO_SERVICE }]);
await bench.up();
console.log(bench.sessionId);
setInterval(() => undefined, 1_000);
