/** Which image a service runs: the one that its project file names, or one built from its folder. Nothing is pulled. */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { Workload } from '../../../model/mesh.ts';
import { dockerBuild } from './docker-build.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';

/** The reference of a local image for a workload. */
export async function serviceImage(
  engine: Engine,
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
  if (await engine.hasImage(image)) return image;
  throw new EnvironmentError(
    'image-missing',
    `${workload.id} runs the image ${image}, which this engine doesn't have`,
    {
      hint: `docker pull ${image} (Greenroom downloads nothing by itself)`,
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
