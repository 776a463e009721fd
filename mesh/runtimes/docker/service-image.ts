/**
 * The images of a session's services: fetched where the project's rules and the engine say so, or built from their
 * folders. Pulls go side by side, and all that can't be had are named at once; builds follow, one after the other.
 */
import { EnvironmentError } from '../../../model/environment-error.ts';
import type { ImageProgress } from '../../../model/image-progress.ts';
import type { Workload } from '../../../model/mesh.ts';
import { messageOf } from '../../../model/message-of.ts';
import { addBuildLine, buildWork, NO_STEPS } from './build-steps.ts';
import { dockerBuild } from './docker-build.ts';
import type { Engine } from './engine.ts';
import { IMAGE_LABEL } from './labels.ts';
import { type FailedPull, pullImages, type WantedImage } from './pull-images.ts';

export interface ImageOrder {
  engine: Engine;
  mesh: string;
  signal: AbortSignal;
  onProgress(progress: ImageProgress): void;
  /** A line of a build. */
  onLine(workload: Workload, line: string): void;
}

/**
 * The reference of each workload's image, which the engine has when this resolves.
 * @throws EnvironmentError `no-image`, `image-missing`, `build-failed`
 */
export async function serviceImages(
  workloads: readonly Workload[],
  order: ImageOrder,
): Promise<Map<string, string>> {
  const plans: [Workload, ImagePlan][] = [];
  for (const workload of workloads) plans.push([workload, await planOf(workload, order.engine)]);
  const wanted = wantedImages(plans);
  const failures = await pullImages(order.engine, wanted, order.signal, order.onProgress);
  refuseMissing(plans, failures);
  const images = new Map<string, string>();
  // One after the other: builds share the engine's cache, and the first failure is the one to read.
  for (const [workload, plan] of plans) {
    const { image } = workload.run;
    const given =
      plan === 'pull-or-build' && failures.some(({ wanted: { image: failed } }) => failed === image);
    const build = plan === 'build' || given || image === null;
    images.set(workload.id, build ? await buildImage(workload, order) : image);
  }
  return images;
}

/** `absent`: it isn't there, and its rule forbids to fetch it. */
type ImagePlan = 'use' | 'absent' | 'build' | 'pull' | 'pull-or-build';

async function planOf({ id, run, at }: Workload, engine: Engine): Promise<ImagePlan> {
  const { image, build, container } = run;
  const rule = container?.pull ?? (build === null ? { when: 'missing' } : { when: 'build' });
  if (image === null && build === null) {
    throw new EnvironmentError(
      'no-image',
      `${id} names neither image nor build: the docker runtime can't run it`,
      {
        hint: `add \`image\` or \`build\` to the service, or use the process runtime (${at.file}:${at.line})`,
      },
    );
  }
  if (image === null || (build !== null && rule.when === 'build')) return 'build';
  const pull = build === null ? 'pull' : 'pull-or-build';
  switch (rule.when) {
    case 'always':
      return pull;
    case 'missing':
      return (await engine.hasImage(image)) ? 'use' : pull;
    case 'never':
    case 'build':
      if (await engine.hasImage(image)) return 'use';
      return build === null ? 'absent' : 'build';
    case 'older': {
      const taggedAt = await engine.imageTaggedAt(image);
      return taggedAt !== null && Date.now() - taggedAt < rule.thanMs ? 'use' : pull;
    }
  }
}

/** Each image once, whoever runs it. */
function wantedImages(plans: readonly [Workload, ImagePlan][]): WantedImage[] {
  const wanted = new Map<string, WantedImage>();
  for (const [{ id, run }, plan] of plans) {
    if ((plan !== 'pull' && plan !== 'pull-or-build') || run.image === null) continue;
    const platform = run.container?.platform;
    const key = `${run.image} ${platform ?? ''}`;
    const known = wanted.get(key);
    wanted.set(key, {
      image: run.image,
      ...(platform === undefined ? {} : { platform }),
      workloads: [...(known?.workloads ?? []), id],
      otherwise: plan === 'pull' || known?.otherwise === 'nothing' ? 'nothing' : 'build',
    });
  }
  return [...wanted.values()];
}

/** Throws one error for all images that can't be had. */
function refuseMissing(plans: readonly [Workload, ImagePlan][], failures: readonly FailedPull[]): void {
  const missing = plans.flatMap(([workload, plan]) => {
    const { image } = workload.run;
    const failure = failures.find(({ wanted }) => wanted.image === image);
    if (plan === 'absent')
      return [
        {
          workload,
          reason: 'the engine lacks it, and `pull_policy` forbids to fetch it',
          hint: `docker pull ${image}`,
        },
      ];
    return plan === 'pull' && failure !== undefined ? [{ workload, ...failure }] : [];
  });
  const [first, ...others] = missing;
  if (first === undefined) return;
  throw new EnvironmentError(
    'image-missing',
    others.length === 0
      ? `the image ${first.workload.run.image} of ${first.workload.id} can't be had: ${first.reason}`
      : `the images of ${missing.length} services can't be had`,
    {
      hint: [...new Set(missing.map(({ hint }) => hint))].join('; '),
      lines: missing.map(
        ({ workload: { id, at, run }, reason }) =>
          `${at.file}:${at.line}:${at.column}: ${id} runs ${run.image}: ${reason}`,
      ),
    },
  );
}

/** Builds it, and tags it; rejects with `build-failed`. */
export async function buildImage(workload: Workload, order: ImageOrder): Promise<string> {
  const { image, build } = workload.run;
  if (build === null) throw new Error(`${workload.id} has nothing to build`);
  const tag = image ?? `greenroom-build/${imageName(order.mesh)}/${imageName(workload.id)}:latest`;
  let steps = NO_STEPS;
  const tell = (status: ImageProgress['status'], error: string | null = null): void =>
    order.onProgress({ image: tag, workloads: [workload.id], status, work: buildWork(steps), error });
  tell('running');
  try {
    const outcome = await dockerBuild({
      ...build,
      endpoint: order.engine.endpoint,
      tag,
      labels: { [IMAGE_LABEL]: 'service' },
      signal: order.signal,
      onLine: (line) => {
        order.onLine(workload, line);
        const before = steps;
        steps = addBuildLine(steps, line);
        if (steps !== before) tell('running');
      },
    });
    if (outcome.ok) {
      tell('done');
      return tag;
    }
    const buildKit = outcome.lastLines.some((line) => /buildx component is missing/.test(line));
    throw new EnvironmentError('build-failed', `docker build of ${workload.id} (${build.context}) failed`, {
      lines: outcome.lastLines,
      ...(buildKit ? { hint: 'secrets of a build need BuildKit: install the buildx plugin of docker' } : {}),
    });
  } catch (error) {
    if (order.signal.aborted) tell('stopped');
    else tell('failed', messageOf(error));
    throw error;
  }
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
