/** `greenroom demo`: the sample shop, in a minute: one request allowed, one denied and why, the attacks, the export. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { exportIstio } from '../export/istio.ts';
import { readPolicyTexts } from '../host/project-files.ts';
import { writeExport } from '../host/write-export.ts';
import type { Mesh } from '../model/mesh.ts';
import type { TrafficEvent } from '../model/traffic-event.ts';
import type { Session } from '../mesh/session.ts';
import { runRehearsal } from '../rehearsal/run-rehearsal.ts';
import { EXIT } from './exit-codes.ts';
import { explanationLines, requestText, ruleText, verdictMark } from './event-line.ts';
import { interruptible } from './interrupt.ts';
import { paint, say } from './output.ts';
import { readProject } from './project.ts';
import { scenarioLines, totalsLine } from './rehearsal-lines.ts';
import { chosenScenarios } from './rehearse-command.ts';
import { withSession } from './run-session.ts';

/** The command, ready to be added to the program. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('the sample shop: an allowed request, a denied one and why, attacks replayed, the export')
    .option('--out <folder>', 'where the exported manifests go', 'greenroom-demo')
    .addHelpText('after', '\nExamples:\n  $ greenroom demo')
    .action(async (options: { out: string }) => {
      const passed = await interruptible(async (signal) => await demo(options.out, signal));
      if (!passed) process.exitCode = EXIT.differs;
    });
}

async function demo(out: string, signal: AbortSignal): Promise<boolean> {
  const project = fileURLToPath(new URL('../scenarios/shop', import.meta.url));
  const mesh = await readProject(project);
  heading(`1. Five services start, a sidecar around each: real mTLS, the policies in ${project}/policies`);
  return await withSession({ mesh, runtime: 'process', signal, watch: 'nothing' }, async (session) => {
    for (const workload of session.state().workloads)
      say(`   ${workload.id.padEnd(18)} ${workload.spiffeId}`);
    const scenarios = await chosenScenarios(mesh, []);
    const report = await runRehearsal(session, scenarios, {
      signal,
      onStep: () => undefined,
      onScenario: () => undefined,
    });
    signal.throwIfAborted();
    const events = session.events({ limit: 10_000 });

    heading('2. A request that passed, and the rule that let it');
    showEvent(
      events.find(
        (event) =>
          event.decision.verdict === 'allow' &&
          event.direction === 'inbound' &&
          event.decision.matched !== null,
      ),
    );
    heading('3. A request that was denied, and the clause that kept it out');
    showEvent(events.find((event) => event.decision.verdict === 'deny' && event.explanation?.nearest));

    heading('4. The attacks of the sample, replayed');
    for (const scenario of report.scenarios) for (const line of scenarioLines(scenario)) say(line);
    say(`   ${totalsLine(report)}`);

    heading('5. The same mesh for the cluster');
    await exportTo(out, mesh, session);
    return report.totals.passed > 0 && report.totals.failed + report.totals.errored === 0;
  });
}

function heading(text: string): void {
  say(`\n${paint('bold', text)}`);
}

function showEvent(event: TrafficEvent | undefined): void {
  if (!event) return say('   (none was seen)');
  say(
    `   ${verdictMark(event.decision.verdict)}  ${event.from.workload ?? event.from.ip} → ${event.to.workload ?? event.to.ip}  ${requestText(event)}  ${event.response?.status ?? ''}`,
  );
  if (event.decision.matched) say(`   by ${ruleText(event.decision.matched)}`);
  for (const line of event.explanation ? explanationLines(event.explanation) : [])
    say(line === '' ? '' : `   ${line}`);
}

async function exportTo(out: string, mesh: Mesh, session: Session): Promise<void> {
  const folder = resolve(out);
  const written = await writeExport(folder, exportIstio(mesh, await readPolicyTexts(session.mesh)).files);
  say(`   ${written.length} files in ${folder}   (kubectl apply -k ${out})`);
}
