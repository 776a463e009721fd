/**
 * The lines of `docker build`, BuildKit's plain ones and the older builder's, folded into steps done of steps in all.
 * Pure. A stage's steps are known once one of them begins, so the sum may grow.
 */
import type { ImageWork } from '../../../model/image-progress.ts';

export interface BuildSteps {
  /** Steps of each stage by its name. */
  readonly stages: ReadonlyMap<string, number>;
  /** BuildKit's numbers of what is a step. */
  readonly vertices: ReadonlySet<string>;
  readonly done: ReadonlySet<string>;
  /** What began last. */
  readonly step: string | null;
}

export const NO_STEPS: BuildSteps = { stages: new Map(), vertices: new Set(), done: new Set(), step: null };

/** `#7 [build 2/4] RUN npm ci`; a Dockerfile of one unnamed stage has no name there. */
const BEGUN = /^#(\d+) \[(?:(.+) )?(\d+)\/(\d+)\] (.+)$/;
const ENDED = /^#(\d+) (?:DONE\b|CACHED$)/;
/** `Step 2/4 : RUN npm ci`, of the older builder: one at a time, and all stages are one row of steps. */
const OLDER = /^Step (\d+)\/(\d+) : (.+)$/;
const OLDER_END = /^Successfully built /;

/** The steps after one more line. */
export function addBuildLine(steps: BuildSteps, line: string): BuildSteps {
  const begun = BEGUN.exec(line);
  if (begun !== null) {
    const [, vertex = '', stage = '', , count = '0', step = ''] = begun;
    return {
      stages: new Map(steps.stages).set(stage, Number(count)),
      vertices: new Set(steps.vertices).add(vertex),
      done: steps.done,
      step,
    };
  }
  const ended = ENDED.exec(line)?.[1];
  if (ended !== undefined && steps.vertices.has(ended))
    return { ...steps, done: new Set(steps.done).add(ended) };
  const older = OLDER.exec(line);
  if (older !== null) {
    const [, at = '1', count = '0', step = ''] = older;
    return { ...steps, stages: new Map([['', Number(count)]]), done: firstOnes(Number(at) - 1), step };
  }
  if (OLDER_END.test(line)) return { ...steps, done: firstOnes(steps.stages.get('') ?? 0) };
  return steps;
}

/** As an image's progress tells it. */
export function buildWork({ stages, done, step }: BuildSteps): ImageWork {
  const totalSteps = [...stages.values()].reduce((sum, count) => sum + count, 0);
  return { kind: 'build', doneSteps: done.size, totalSteps, step };
}

function firstOnes(count: number): ReadonlySet<string> {
  return new Set(Array.from({ length: count }, (_, index) => `step ${index}`));
}
