/** `greenroom export`: Kubernetes manifests of the project, without starting anything. */
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { exportIstio } from '../export/istio.ts';
import { readPolicyTexts } from '../host/project-files.ts';
import { checkExportFolder, writeExport } from '../host/write-export.ts';
import { formatOption, parseFolder } from './options.ts';
import { note, say, sayJson, type Format } from './output.ts';
import { problemLine } from './problem-line.ts';
import { readProject } from './project.ts';

/** The command, ready to be added to the program. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write Kubernetes manifests: workloads, services, the policies as written, a kustomization')
    .argument('[project]', 'folder with a greenroom.yaml, or the file', '.')
    .addOption(
      new Option('--target <target>', 'what the manifests are for').choices(['istio']).default('istio'),
    )
    .requiredOption('--out <folder>', 'where the files go; it is made when missing', parseFolder)
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  $ greenroom export --out k8s && kubectl apply -k k8s')
    .action(async (project: string, options: { out: string; format: Format }) => {
      const mesh = await readProject(project);
      checkExportFolder(mesh, options.out);
      const { files, problems } = exportIstio(mesh, await readPolicyTexts(mesh));
      const written = await writeExport(resolve(options.out), files);
      if (options.format === 'json')
        return sayJson({ folder: resolve(options.out), files: files.map((file) => file.path), problems });
      for (const problem of problems) note(problemLine(problem));
      say(`wrote ${written.length} files to ${options.out}`);
      say(`  kubectl apply -k ${options.out}`);
    });
}
