/** `greenroom import`: a cluster's own objects, as a file, become a project; policies stay in that file. */
import { basename, join, relative, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { readText, shownPath } from '../mesh/project-files.ts';
import { guessGateways } from '../model/compose/guess-gateways.ts';
import { kubernetesName } from '../model/compose/translate.ts';
import { importServices, type ImportedService } from '../model/kubernetes/import-services.ts';
import { readClusterObjects } from '../model/kubernetes/objects.ts';
import { readPolicyFile } from '../model/policy-file.ts';
import { kindSupportByName } from '../model/policy-kinds.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { gatewayLine } from './compose-starter.ts';
import { FilesError } from './exit-codes.ts';
import { renderCompose, renderProject } from './imported-files.ts';
import { refuseExisting, writeNew } from './new-files.ts';
import { formatOption } from './options.ts';
import { note, say, sayJson, type Format } from './output.ts';

interface ImportOptions {
  out: string;
  namespace: string;
  format: Format;
}

/** The command, ready to be added to the program. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      'make a project of Deployments, Services and policies: kubectl get -o yaml, or a render, in a file',
    )
    .argument('<file>', 'a stream of Kubernetes objects; Lists too')
    .option('--out <folder>', 'where greenroom.yaml and compose.yaml go', '.')
    .option('--namespace <name>', 'of objects that name none', 'default')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ kubectl get deploy,svc,cm,authorizationpolicy,peerauthentication -n shop -o yaml > shop.yaml && greenroom import shop.yaml\n  $ kubectl kustomize overlays/test > shop.yaml && greenroom import shop.yaml --out mesh',
    )
    .action(async (file: string, options: ImportOptions) => {
      const done = await importFile(file, options);
      if (options.format === 'json') return sayJson(done);
      for (const problem of done.problems) note(formatProblem(problem));
      for (const written of done.written) say(`wrote ${written}`);
      for (const service of done.services) say(`  ${service}`);
      say(
        'next: greenroom check   (what is wrong with the files)\n      greenroom up   (the services, each with a sidecar)',
      );
    });
}

interface Imported {
  written: string[];
  services: string[];
  problems: readonly Problem[];
}

async function importFile(file: string, { out, namespace }: ImportOptions): Promise<Imported> {
  const root = resolve(out);
  await refuseExisting(
    root,
    ['greenroom.yaml', 'greenroom.yml', 'compose.yaml'],
    'greenroom import FILE --out FOLDER',
  );
  const text = await readText(resolve(file));
  if ('problem' in text) throw new FilesError([text.problem]);
  const shown = shownPath(resolve(file));
  const objects = readClusterObjects(text.text, shown);
  const { value: services, problems } = importServices(objects, namespace);
  if (services === null) throw new FilesError(problems);
  if (services.length === 0)
    throw new FilesError([
      ...problems,
      {
        code: 'no-services',
        severity: 'error',
        message: 'no Deployment, StatefulSet, DaemonSet or ReplicaSet is in this file',
        at: { file: shown, line: 1, column: 1 },
      },
    ]);
  const policies = [...objects.others].some((kind) => kindSupportByName(kind) !== 'harmless');
  const home = mostCommon(services);
  const read = readPolicyFile(text.text, shown, { namespace: home, ignore: [], keysFrom: 'files' });
  const gateways = guessGateways(read.objects, [], new Map());
  const project = {
    meshName: kubernetesName(home) || 'mesh',
    namespace: home,
    composeFile: './compose.yaml',
    policies: policies ? [pathFrom(root, resolve(file))] : [],
    services,
    gateways,
  };
  await writeNew(join(root, 'compose.yaml'), renderCompose(services, basename(file)));
  await writeNew(join(root, 'greenroom.yaml'), renderProject(project, basename(file)));
  return {
    written: ['compose.yaml', 'greenroom.yaml'].map((name) => shownPath(join(root, name))),
    services: [...services.map(serviceLine), ...gateways.map((gateway) => gatewayLine(gateway).trim())],
    problems,
  };
}

/** The namespace that most services are in; of several the first. */
function mostCommon(services: readonly ImportedService[]): string {
  const counts = new Map<string, number>();
  for (const { namespace } of services) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? 'default';
}

function pathFrom(root: string, file: string): string {
  const path = relative(root, file).split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

function serviceLine({ name, namespace, serviceAccount, ports, replicas }: ImportedService): string {
  const numbers = ports.map(({ name: portName, port }) => `${portName ?? 'port'} ${port}`);
  return `${name}: ${namespace}/${serviceAccount}, ${numbers.join(', ') || 'no port'}${replicas === 1 ? '' : `, ${replicas} replicas`}`;
}
