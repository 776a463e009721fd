import { describe, expect, it } from 'vitest';
import { buildArguments } from '../../../../mesh/runtimes/docker/docker-build.ts';
import type { BuildOptions } from '../../../../model/container.ts';

const NOTHING: BuildOptions = {
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
const words = (options: Partial<BuildOptions>): string =>
  buildArguments({ context: '/p', tag: 't', labels: {}, options: { ...NOTHING, ...options } }).join(' ');

describe('the words of docker build', () => {
  it('are folder and tag where nothing else is said', () => {
    expect(words({})).toBe('build --tag t /p');
    expect(buildArguments({ context: '/p', tag: 't', labels: {} }).join(' ')).toBe('build --tag t /p');
  });

  it('name a secret’s place, never its value', () => {
    expect(
      words({
        secrets: [
          { id: 'a', from: { file: '/s' } },
          { id: 'b', from: { variable: 'B' } },
        ],
      }),
    ).toBe('build --tag t --secret id=a,src=/s --secret id=b,env=B /p');
  });

  it('hold every option', () => {
    expect(
      words({
        inline: 'FROM scratch',
        arguments: { A: '1' },
        target: 'prod',
        network: 'none',
        platform: 'linux/amd64',
        ssh: ['default'],
        cacheFrom: ['c'],
        cacheTo: ['d'],
        cache: 'unused',
        baseImages: 'pulled',
        labels: { l: 'm' },
        extraHosts: ['h:1.2.3.4'],
        tags: ['u'],
        sharedMemory: 64,
        ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      }),
    ).toBe(
      'build --tag t --file - --build-arg A=1 --label l=m --target prod --network none --platform linux/amd64 --ssh default --cache-from c --cache-to d --add-host h:1.2.3.4 --tag u --ulimit nofile=1:2 --shm-size 64 --no-cache --pull /p',
    );
  });
});
