/** `greenroom explain`: would this request pass, and which clause decides? Answered from the files alone. */
import { Command, InvalidArgumentError } from 'commander';
import { keySetsInFiles } from '../mesh/key-file.ts';
import type { Mesh, Workload } from '../model/mesh.ts';
import { explainRequest, type RequestQuestion } from '../policy/explain-request.ts';
import { explanationLines, ruleText, verdictMark } from './event-line.ts';
import { FilesError } from './exit-codes.ts';
import { formatOption, parsePort } from './options.ts';
import { say, sayJson, type Format } from './output.ts';
import { readProject } from './project.ts';
import { suiteTokens } from './suite-tokens.ts';

interface Options {
  from: string;
  to: string;
  port?: number;
  method: string;
  path: string;
  header: [string, string][];
  plaintext?: true;
  format: Format;
}

function collectHeader(text: string, earlier: [string, string][]): [string, string][] {
  const cut = text.indexOf(':');
  if (cut < 1) throw new InvalidArgumentError('write it as "name: value"');
  return [...earlier, [text.slice(0, cut).trim().toLowerCase(), text.slice(cut + 1).trim()]];
}

/** By id, by `namespace/name`, or by a name that only one workload has. */
function workloadNamed({ workloads }: Mesh, name: string): Workload {
  const exact = workloads.find(
    (workload) => workload.id === name || `${workload.namespace}/${workload.name}` === name,
  );
  const named = workloads.filter((workload) => workload.name === name);
  const found = exact ?? (named.length === 1 ? named[0] : undefined);
  if (found) return found;
  const some = named.length > 1;
  const asAsked = ({ id, namespace, name: own }: Workload) =>
    name.includes('/') ? `${namespace}/${own}` : id;
  throw new FilesError([
    {
      code: some ? 'ambiguous-workload' : 'unknown-workload',
      severity: 'error',
      message: some ? `${named.length} workloads are called ${name}` : `no workload is called ${name}`,
      hint: `there are: ${(some ? named : workloads).map(asAsked).join(', ')}`,
    },
  ]);
}

function noSuchPort({ id, ports }: Workload, port: number | undefined): FilesError {
  const known = ports.map((one) => one.port).join(', ');
  return new FilesError([
    {
      code: 'no-such-port',
      severity: 'error',
      message: port === undefined ? `${id} has no port` : `${id} has no port ${port}`,
      hint: known === '' ? 'give it `ports` in greenroom.yaml' : `there are: ${known}`,
    },
  ]);
}

/** The command, ready to be added to the program. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('say whether a request would pass, and which policy, rule and clause decides')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .requiredOption('--from <workload>', 'who calls')
    .requiredOption('--to <workload>', 'who is called')
    .option('--port <port>', 'service port; default: its first HTTP port', parsePort)
    .option('--method <method>', 'HTTP method', 'GET')
    .option('--path <path>', 'path, with its query', '/')
    .option('--header <name:value>', 'a header; repeatable', collectHeader, [])
    .option('--plaintext', 'the caller has no sidecar: no mTLS, no identity')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ greenroom explain scenarios/shop --from inventory --to payments --path /charge --method POST',
    )
    .action(async (project: string, options: Options) => {
      const mesh = await readProject(project);
      const [from, to] = [workloadNamed(mesh, options.from), workloadNamed(mesh, options.to)];
      const question: RequestQuestion = {
        from: from.id,
        to: to.id,
        method: options.method,
        path: options.path,
        headers: options.header,
        connection: options.plaintext ? 'plaintext' : 'mtls',
        ...(options.port === undefined ? {} : { port: options.port }),
      };
      const answer = await explainRequest(
        mesh,
        question,
        suiteTokens(await keySetsInFiles(mesh.policies, mesh.root)),
      );
      if (answer === null) throw noSuchPort(to, options.port);
      const { decision, explanation, facts } = answer;
      if (options.format === 'json') return sayJson(answer);
      const asked =
        facts.http === null
          ? `TCP, port ${facts.connection.destinationPort}`
          : `${options.method} ${options.path}`;
      say(
        `${verdictMark(decision.verdict)}  ${options.from} → ${options.to}  ${asked}${decision.status === undefined ? '' : `  ${decision.status}`}`,
      );
      say();
      for (const line of explanationLines(explanation)) say(line);
      if (decision.matched) say(`\n  decided by ${ruleText(decision.matched)}`);
    });
}
