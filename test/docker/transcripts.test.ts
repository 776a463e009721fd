/** docs/transcripts says what the commands say today; `npm run transcripts` records it anew. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ordersProject,
  recordDoctor,
  recordUp,
  shapeOf,
  shopProject,
  type Started,
} from '../support/recorded-commands.ts';
import { describeWith, firstMissing } from '../support/requires.ts';

const PATIENCE_MS = 300_000;

const kept = (name: string): Promise<string> =>
  readFile(new URL(`../../docs/transcripts/${name}.txt`, import.meta.url), 'utf8');

describeWith('docker', 'the transcript of doctor', () => {
  it(
    'has the lines that doctor prints, by name',
    async () => {
      const names = (text: string): string[] =>
        text
          .split('\n')
          .map((line) => line.slice(2).split(/ {2,}/)[0] ?? '')
          // Contexts and sockets of this machine.
          .filter((name) => name !== '' && name !== 'others');
      expect(names(await recordDoctor())).toEqual(names(await kept('doctor')));
    },
    PATIENCE_MS,
  );
});

describeWith(
  firstMissing('docker', 'compose', 'postgresql', 'redis', 'nginx'),
  'the transcripts of up',
  () => {
    const projects = new Map<string, Started>();
    beforeAll(async () => {
      projects.set('shop', await shopProject());
      projects.set('orders', await ordersProject());
    }, PATIENCE_MS);
    afterAll(async () => {
      for (const project of projects.values()) await project.remove();
    });

    it.each([
      ['shop', 'plain', 'up-shop'],
      ['shop', 'terminal', 'up-shop-terminal'],
      ['orders', 'plain', 'up-orders'],
      ['orders', 'terminal', 'up-orders-terminal'],
    ] as const)(
      'have the lines that it says: %s, %s',
      async (name, where, file) => {
        const project = projects.get(name);
        if (!project) throw new Error(`${name} is not there`);
        expect(shapeOf(await recordUp(project, where))).toEqual(shapeOf(await kept(file)));
      },
      PATIENCE_MS,
    );
  },
);
