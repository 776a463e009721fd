import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { variableValues } from '../../mesh/variable-values.ts';
import { type Folder, temporaryFolder } from '../support/greenroom.ts';
import { describeWith } from '../support/requires.ts';

describeWith('compose', 'the values of variables', () => {
  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await folder.remove();
  });

  /** Of these names, with files of these texts. */
  async function values(
    names: readonly string[],
    files: Readonly<Record<string, string>>,
  ): Promise<(string | undefined)[]> {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
    const envFiles = [...Object.keys(files), 'gone.env'].map((name) => join(folder.path, name));
    const sources = names.map((variable) => ({ variable, envFiles }));
    const found = await variableValues(sources);
    return sources.map((source) => found.get(source));
  }

  it('are none where nobody sets them, not even by a name that means something else between braces', async () => {
    expect(await values(['GREENROOM_TEST_A', 'GREENROOM-TEST', 'B-C'], { '.env': 'B=1\n' })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await values(['GREENROOM_TEST_A'], {})).toEqual([undefined]);
  });

  it('are refused where the plugin can’t read the files, without a word of what they hold', async () => {
    const refused = await values(['GREENROOM_TEST_A'], { '.env': 'the hush word\n' }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 'env-files-refused' });
    expect(JSON.stringify(refused) + String(refused)).not.toContain('hush');
  });

  it('are the environment’s, before those of the files; an empty one too', async () => {
    vi.stubEnv('GREENROOM_TEST_A', 'ours');
    vi.stubEnv('GREENROOM_TEST_B', '');
    expect(
      await values(['GREENROOM_TEST_A', 'GREENROOM_TEST_B', 'GREENROOM_TEST_C'], {
        '.env': 'GREENROOM_TEST_A=file\nGREENROOM_TEST_B=file\nGREENROOM_TEST_C="$GREENROOM_TEST_A"\n',
      }),
    ).toEqual(['ours', '', 'ours']);
  });

  it('are what Compose makes of quotes, dollars, lines and emptiness; the last file has the last word', async () => {
    expect(
      await values(['T_PLAIN', 'T_SINGLE', 'T_LINES', 'T_EMPTY', 'T_LAST', 'T_EQUAL'], {
        'one.env': 'T_PLAIN=a # said\nT_SINGLE=\'$T_PLAIN $$\'\nT_LINES="a\nb"\nT_EMPTY=\nT_LAST=one\n',
        'two.env': 'T_LAST=two\nT_EQUAL==x=\n',
      }),
    ).toEqual(['a', '$T_PLAIN $$', 'a\nb', '', 'two', '=x=']);
  });
});
