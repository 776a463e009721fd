/**
 * A Greenroom that waits to be killed: starts the mesh of the folder in its first argument, says `ready`, and sends
 * traffic through it. With `careless` as the second argument its services have no supervisor.
 */
import { request } from 'node:http';
import { loadProject } from '../../mesh/load-project.ts';
import { processRuntime } from '../../mesh/runtimes/process/process-runtime.ts';
import { startSession } from '../../mesh/start-session.ts';
import { carelessSpawner } from '../support/careless-spawner.ts';

const [project = '.', kind] = process.argv.slice(2);
const { value: mesh, problems } = await loadProject(project);
if (mesh === null) throw new Error(JSON.stringify(problems));
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort(new Error('interrupted')));
const session = await startSession({
  mesh,
  runtime: kind === 'careless' ? processRuntime({ spawner: carelessSpawner }) : 'process',
  dataDir: process.env['GREENROOM_DATA_DIR'] ?? '',
  reload: () => loadProject(project),
  signal: abort.signal,
});
console.log(`ready ${session.id}`);

const proxy = session.listeners().find(({ instance, key }) => instance === 'web-0' && key === 'http-proxy');
const traffic = setInterval(() => {
  const call = request({
    host: proxy?.host,
    port: proxy?.port,
    path: 'http://orders/orders',
    headers: { host: 'orders' },
  });
  call.on('response', (response) => response.resume()).on('error', () => undefined);
  call.end();
}, 20);
abort.signal.addEventListener('abort', () => {
  clearInterval(traffic);
  session.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
