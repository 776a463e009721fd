import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSessionFile } from '../../mesh/session-file.ts';
import { type Folder, greenroom, temporaryFolder } from '../support/greenroom.ts';

describe('greenroom status where an engine is away', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
    // This process is the owner: it lives.
    for (const [id, runtime] of [
      ['20260131t120500-aaaaaa', 'docker'],
      ['20260131t120500-bbbbbb', 'process'],
    ] as const)
      createSessionFile(folder.path, { id, mesh: `mesh-of-${runtime}`, root: '/p' }).runtimeChosen(runtime);
  });
  afterEach(() => folder.remove());
  const status = (...args: string[]) =>
    greenroom(['status', ...args], {
      env: { GREENROOM_DATA_DIR: folder.path, DOCKER_HOST: `unix://${folder.path}/none.sock` },
    });

  it('says so below its session, and tells of all others', async () => {
    const { code, stdout, stderr } = await status();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n').sort();
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}the engine is away: No Docker engine answers at unix:.*none\.sock/),
      expect.stringContaining('mesh-of-docker: session 20260131t120500-aaaaaa (docker,'),
      expect.stringContaining('mesh-of-process: session 20260131t120500-bbbbbb (process,'),
    ]);
  });

  it('holds the reason in JSON, null for who asks no engine', async () => {
    const { stdout } = await status('--format', 'json');
    const sessions = JSON.parse(stdout) as { mesh: string; engineAway: string | null; pods: unknown[] }[];
    expect(Object.fromEntries(sessions.map(({ mesh, engineAway }) => [mesh, engineAway]))).toEqual({
      'mesh-of-docker': expect.stringContaining('No Docker engine answers') as string,
      'mesh-of-process': null,
    });
    expect(sessions.map(({ pods }) => pods)).toEqual([[], []]);
  });

  it('is told beforehand what it starts', async () => {
    const { stdout } = await greenroom(['status', '--help']);
    expect(stdout).toContain('NET_ADMIN');
  });
});
