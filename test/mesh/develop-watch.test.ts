import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchServices } from '../../mesh/develop-watch.ts';
import type { FileUpdate, ServiceUpdates } from '../../mesh/runtimes/runtime.ts';
import { EnvironmentError } from '../../model/environment-error.ts';
import type { WatchRule } from '../../model/container.ts';
import type { Problem } from '../../model/problem.ts';
import { testMesh } from '../support/docker-mesh.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { eventually } from '../support/patience.ts';

let folder: Folder;
let close: () => void = () => undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  close();
  await folder.remove();
});

const file = (path: string): string => join(folder.path, path);
const write = async (path: string, text = 'x'): Promise<void> => {
  await mkdir(join(file(path), '..'), { recursive: true });
  await writeFile(file(path), text);
};
const rule = (some: Partial<WatchRule>): WatchRule => ({
  action: 'sync',
  path: folder.path,
  target: '/app',
  ignore: [],
  include: [],
  ...some,
});

interface Watched {
  done: string[];
  problems: (Problem | null)[];
  refuse: EnvironmentError | null;
  /** Only this. */
  refuses: string | null;
  /** Those that a rebuild starts anew. */
  renewed: readonly string[];
}

/** What the runtime is asked for, in words. */
async function watching(
  rules: readonly WatchRule[],
  build?: { context: string },
  replicas = 1,
): Promise<Watched> {
  const watched: Watched = { done: [], problems: [], refuse: null, refuses: null, renewed: [] };
  const note = async (words: string): Promise<void> => {
    if (watched.refuse) throw watched.refuse;
    if (words === watched.refuses) throw new EnvironmentError('sync-failed', 'refused');
    watched.done.push(words);
  };
  const updates: ServiceUpdates = {
    sync: async (instance, { written, removed }: FileUpdate) => {
      for (const { source, target } of written)
        await note(`${instance} gets ${target} from ${source.slice(folder.path.length)}`);
      for (const target of removed) await note(`${instance} loses ${target}`);
    },
    restartInPlace: (instance) => note(`${instance} restarts`),
    rebuild: async (workload) => {
      await note(`${workload.id} is rebuilt`);
      return watched.renewed;
    },
  };
  const { workloads } = testMesh([
    { name: 'web', image: 'x', ...(build ? { build } : {}), container: { watch: rules } },
  ]);
  const watch = await watchServices({
    workloads,
    updates,
    instances: (id) => Array.from({ length: replicas }, (_, index) => `${id}-${index}`),
    told: (_workload, problem) => watched.problems.push(problem),
    signal: new AbortController().signal,
  });
  close = () => watch.close();
  return watched;
}

const eventuallyDone = async ({ done }: Watched, words: string): Promise<void> => {
  await eventually(words, () => done.includes(words));
};

describe('files that a service is watched for', () => {
  it('are left out by its rule, by the build’s .dockerignore, or as an editor’s own', async () => {
    await write('.dockerignore', 'secret\n*.md\n!keep.md\n');
    await write('node_modules/x.js');
    const watched = await watching([rule({ ignore: ['node_modules/'] })], { context: folder.path });
    for (const path of ['node_modules/x.js', 'secret', 'a.md', '.git/HEAD', '.a.js.swp', 'b.js~'])
      await write(path, 'new');
    await write('keep.md');
    await eventuallyDone(watched, 'web-0 gets /app/keep.md from /keep.md');
    expect(watched.done).toEqual(['web-0 gets /app/keep.md from /keep.md']);
  });

  it('are only those that it includes', async () => {
    const watched = await watching([rule({ include: ['**/*.js'] })]);
    await write('deep/a.txt');
    await write('deep/a.js');
    await eventuallyDone(watched, 'web-0 gets /app/deep/a.js from /deep/a.js');
    expect(watched.done).toHaveLength(1);
  });

  it('aren’t those behind a link to a folder: it may lead anywhere', async () => {
    await mkdir(file('src'));
    await write('elsewhere/a');
    await symlink(file('elsewhere'), file('src/link'));
    await symlink(file('.'), file('src/loop'));
    const watched = await watching([rule({ path: file('src') })]);
    await write('elsewhere/a', 'changed');
    await write('src/b');
    await eventuallyDone(watched, 'web-0 gets /app/b from /src/b');
    expect(watched.done).toHaveLength(1);
  });

  it('may be one, and may come and go', async () => {
    const watched = await watching([rule({ path: file('conf'), target: '/etc/conf' })]);
    await write('conf');
    await eventuallyDone(watched, 'web-0 gets /etc/conf from /conf');
    await rm(file('conf'));
    await eventuallyDone(watched, 'web-0 loses /etc/conf');
  });

  it('are copied at the start where that is asked for, and else only when they change', async () => {
    await write('a');
    await write('other/b');
    const watched = await watching([
      rule({ initialSync: 'wanted', ignore: ['other'] }),
      rule({ path: file('other'), target: '/other' }),
    ]);
    expect(watched.done).toEqual(['web-0 gets /app/a from /a']);
  });
});

describe('what becomes of a service', () => {
  it('is a restart after the copy, once for a burst of changes', async () => {
    const watched = await watching([rule({ action: 'sync+restart' })]);
    for (const path of ['1', '2', '3']) await write(path);
    await eventuallyDone(watched, 'web-0 restarts');
    expect(watched.done).toEqual([
      ...['1', '2', '3'].map((n) => `web-0 gets /app/${n} from /${n}`),
      'web-0 restarts',
    ]);
  });

  it('is a restart alone, or a rebuild beside what is copied', async () => {
    await write('conf');
    const watched = await watching([
      rule({ path: file('conf'), action: 'restart', target: null }),
      rule({ path: file('src') }),
      rule({ path: file('package.json'), action: 'rebuild', target: null }),
    ]);
    await write('conf', 'other');
    await eventuallyDone(watched, 'web-0 restarts');
    await write('src/a');
    await write('package.json');
    await eventuallyDone(watched, 'web is rebuilt');
    expect(watched.done).toEqual(['web-0 restarts', 'web-0 gets /app/a from /src/a', 'web is rebuilt']);
  });

  it('is a rebuild, and then a restart of those that it left as they were', async () => {
    const watched = await watching(
      [
        rule({ path: file('src'), action: 'sync+restart' }),
        rule({ path: file('package.json'), action: 'rebuild', target: null }),
      ],
      undefined,
      2,
    );
    watched.renewed = ['web-0'];
    await write('src/a');
    await write('package.json');
    await eventuallyDone(watched, 'web-1 restarts');
    expect(watched.done).toEqual([
      'web-0 gets /app/a from /src/a',
      'web-1 gets /app/a from /src/a',
      'web is rebuilt',
      'web-1 restarts',
    ]);
  });

  it('is no restart beside a rebuild that failed, until one is done', async () => {
    const watched = await watching([
      rule({ path: file('conf'), action: 'restart', target: null }),
      rule({ path: file('package.json'), action: 'rebuild', target: null }),
    ]);
    watched.refuses = 'web is rebuilt';
    await write('conf');
    await write('package.json');
    await eventually('a problem', () => watched.problems.find((problem) => problem !== null));
    expect(watched.done).toEqual([]);
    watched.refuses = null;
    await write('package.json', 'mended');
    await eventuallyDone(watched, 'web-0 restarts');
    expect(watched.done).toEqual(['web is rebuilt', 'web-0 restarts']);
  });

  it('is nothing less than all of it, though one of its instances refuses', async () => {
    const watched = await watching([rule({ action: 'sync+restart' })], undefined, 2);
    watched.refuses = 'web-0 restarts';
    await write('a');
    await eventually('a problem', () => watched.problems.find((problem) => problem !== null));
    expect(watched.done).toEqual([
      'web-0 gets /app/a from /a',
      'web-1 gets /app/a from /a',
      'web-1 restarts',
    ]);
  });

  it('is tried again with the next change: neither a file nor a restart is lost', async () => {
    const watched = await watching([
      rule({ action: 'sync+restart', path: file('src') }),
      rule({ path: file('pages'), target: '/pages' }),
    ]);
    watched.refuse = new EnvironmentError('sync-failed', 'a file can’t be read');
    await write('src/a');
    await eventually('a problem', () => watched.problems.find((problem) => problem !== null));
    watched.refuse = null;
    await write('pages/b');
    await eventuallyDone(watched, 'web-0 restarts');
    expect(watched.done).toEqual([
      'web-0 gets /app/a from /src/a',
      'web-0 gets /pages/b from /pages/b',
      'web-0 restarts',
    ]);
  });

  it('is a rebuild though a file can’t be copied, and the file is told of', async () => {
    const watched = await watching([
      rule({ path: file('src') }),
      rule({ path: file('package.json'), action: 'rebuild', target: null }),
    ]);
    watched.refuses = 'web-0 gets /app/a from /src/a';
    await write('src/a');
    await write('package.json');
    await eventuallyDone(watched, 'web is rebuilt');
    await eventually('a problem', () => watched.problems.find((problem) => problem !== null));
  });

  it('is told where a change can’t be taken in, with the last words of who refused; and no more once one was', async () => {
    const watched = await watching([rule({})]);
    watched.refuse = new EnvironmentError('build-failed', 'docker build failed', { lines: ['no such file'] });
    await write('a');
    const told = await eventually('a problem', () => watched.problems.find((problem) => problem !== null));
    expect(told).toMatchObject({
      code: 'watch-failed',
      severity: 'warning',
      message: 'a change of web could not be taken in: docker build failed (no such file)',
    });
    watched.refuse = null;
    await write('b');
    await eventuallyDone(watched, 'web-0 gets /app/b from /b');
    await eventually('nothing told any more', () => watched.problems.at(-1) === null);
  });
});
