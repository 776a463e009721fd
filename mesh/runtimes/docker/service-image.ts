/** Which image a service runs: the one that its project file names, or one built from its folder. Nothing is pulled. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Workload } from '../../../model/mesh.ts';
import { dockerBuild } from './docker-build.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';

/** The reference of a workload's image, which `refuseMissingImages` has seen or which is built. */
export async function serviceImage(
  mesh: string,
  workload: Workload,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<string> {
  const { image, build } = workload.run;
  if (build !== null) {
    const tag = image ?? `greenroom-build/${imageName(mesh)}/${imageName(workload.id)}:latest`;
    const outcome = await dockerBuild({
      ...build,
      tag,
      labels: { [IMAGE_LABEL]: 'service' },
      onLine,
      signal,
    });
    if (outcome.ok) return tag;
    const buildKit = outcome.lastLines.some((line) => /buildx component is missing/.test(line));
    throw new EnvironmentError('build-failed', `docker build of ${workload.id} (${build.context}) failed`, {
      lines: outcome.lastLines,
      ...(buildKit ? { hint: 'secrets of a build need BuildKit: install the buildx plugin of docker' } : {}),
    });
  }
  if (image === null) {
    throw new EnvironmentError(
      'no-image',
      `${workload.id} names neither image nor build: the docker runtime can't run it`,
      {
        hint: `add \`image\` or \`build\` to the service, or use the process runtime (${workload.at.file}:${workload.at.line})`,
      },
    );
  }
  return image;
}

/** Throws one error for all images that services name and that the engine doesn't have. */
export async function refuseMissingImages(engine: Engine, workloads: readonly Workload[]): Promise<void> {
  const missing: { workload: Workload; image: string }[] = [];
  for (const workload of workloads) {
    const { image, build } = workload.run;
    if (image !== null && build === null && !(await engine.hasImage(image)))
      missing.push({ workload, image });
  }
  const [first, ...others] = missing;
  if (first === undefined) return;
  const pulls = [...new Set(missing.map(({ image }) => `docker pull ${image}`))];
  throw new EnvironmentError(
    'image-missing',
    others.length === 0
      ? `${first.workload.id} runs the image ${first.image}, which this engine doesn't have`
      : `${missing.length} services run images that this engine doesn't have`,
    {
      hint: `${pulls.join(' && ')} (Greenroom downloads nothing by itself)`,
      lines: missing.map(
        ({ workload: { id, at }, image }) => `${at.file}:${at.line}:${at.column}: ${id} runs ${image}`,
      ),
    },
  );
}

/** Engines take lower case, digits and single separators. */
function imageName(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'mesh'
  );
}
