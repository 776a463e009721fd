/** What may be said of a build, for tests that say one thing of it. */
import type { BuildOptions } from '../../model/container.ts';

export const NO_BUILD_OPTIONS: BuildOptions = {
  arguments: {},
  secrets: [],
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  labels: {},
  extraHosts: [],
  tags: [],
  ulimits: [],
};
