import { describe, expect, it } from 'vitest';
import { buildArguments, buildEnvironment } from '../../../../mesh/runtimes/docker/docker-build.ts';
import type { BuildOptions } from '../../../../model/container.ts';
import { NO_BUILD_OPTIONS } from '../../../support/build-options.ts';

const LOCAL = { url: 'unix:///var/run/docker.sock', from: 'default' } as const;
const environment = (
  ours: NodeJS.ProcessEnv,
  options: BuildOptions,
  url: string = LOCAL.url,
): NodeJS.ProcessEnv => {
  const {
    DOCKER_HOST: engine,
    DOCKER_CONTEXT: _none,
    ...rest
  } = buildEnvironment(ours, {
    options,
    endpoint: { ...LOCAL, url },
  });
  expect(engine, 'the engine that was found').toBe(url);
  return rest;
};
const words = (options: Partial<BuildOptions>): string =>
  buildArguments({ context: '/p', tag: 't', labels: {}, options: { ...NO_BUILD_OPTIONS, ...options } }).join(
    ' ',
  );

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

  it('only name a secret, whose value is in the environment: everybody may read the words of a process', () => {
    const secrets = {
      NPM_TOKEN: 'hush',
      SSH_PRIVATE_KEY: 'k',
      PIP_INDEX_URL: 'https://me:hush@index.example',
    };
    const options = { ...NO_BUILD_OPTIONS, arguments: { ...secrets, BASE_URL: 'https://example' } };
    expect(words(options)).toBe(
      'build --tag t --build-arg NPM_TOKEN --build-arg SSH_PRIVATE_KEY --build-arg PIP_INDEX_URL --build-arg BASE_URL=https://example /p',
    );
    expect(environment({ PATH: '/bin', NPM_TOKEN: 'ours' }, options)).toEqual({ PATH: '/bin', ...secrets });
  });

  it.each([
    [
      'docker',
      ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_AUTH_TOKEN', 'BUILDKIT_INLINE_CACHE', 'BUILDX_BUILDER'],
    ],
    ['a proxy', ['HTTP_PROXY', 'https_proxy', 'NO_PROXY']],
    ['Go', ['SSL_CERT_FILE', 'GODEBUG', 'TMPDIR', 'RES_OPTIONS']],
    ['the loader', ['LD_PRELOAD', 'LD_AUDIT', 'GLIBC_TUNABLES', 'DYLD_INSERT_LIBRARIES']],
    [
      'git',
      ['GIT_SSH_COMMAND', 'GIT_CONFIG_COUNT', 'GIT_CONFIG_KEY_0', 'GIT_ASKPASS', 'GIT_TOKEN', 'GITHUB_TOKEN'],
    ],
    ['ssh', ['SSH_AUTH_SOCK', 'SSH_ASKPASS', 'SSH_SK_PROVIDER']],
    ['bash', ['BASH_ENV', 'ENV', 'SHELLOPTS', 'PS4', 'BASH_FUNC_git%%', 'IFS']],
    [
      'a credential helper',
      ['AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'NODE_OPTIONS', 'PYTHONPATH', 'GNUPGHOME'],
    ],
    ['some program', ['VERSION', 'WHATEVER', 'EMPTY']],
  ])('write out what %s may read of its environment: an argument commands nobody here', (_who, names) => {
    for (const name of names) {
      const options = { ...NO_BUILD_OPTIONS, arguments: { [name]: 'x' } };
      expect(words(options)).toBe(`build --tag t --build-arg ${name}=x /p`);
      expect(environment({ PATH: '/bin' }, options)).toEqual({ PATH: '/bin' });
    }
  });

  it('write out a command under any name but a secret’s, though it looks like an address with a password', () => {
    const options = { ...NO_BUILD_OPTIONS, arguments: { EDITOR: 'x://a:b@c; true' } };
    expect(words(options)).toBe('build --tag t --build-arg EDITOR=x://a:b@c; true /p');
    expect(environment({}, options)).toEqual({});
  });

  it.each(['HTTP_PROXY', 'https_proxy', 'ALL_PROXY'])('only name %s where it holds a password', (name) => {
    const options = { ...NO_BUILD_OPTIONS, arguments: { [name]: 'http://me:hush@proxy:3128' } };
    expect(words(options)).toBe(`build --tag t --build-arg ${name} /p`);
    expect(environment({ [name]: 'ours' }, options)).toEqual({ [name]: 'http://me:hush@proxy:3128' });
  });

  it('keep such a proxy out of the way to an engine elsewhere, beside what goes by none already', () => {
    const options = { ...NO_BUILD_OPTIONS, arguments: { HTTP_PROXY: 'http://me:hush@proxy:3128' } };
    const far = 'tcp://build.example:2376';
    expect(environment({}, options, far)['NO_PROXY']).toBe('build.example');
    expect(environment({ no_proxy: 'a,b' }, options, far)['NO_PROXY']).toBe('a,b,build.example');
    expect(environment({}, { ...NO_BUILD_OPTIONS, arguments: { TOKEN: '1' } }, far)).toEqual({ TOKEN: '1' });
  });

  it('only name a mirror of Go’s modules: the command line doesn’t read it', () => {
    const options = { ...NO_BUILD_OPTIONS, arguments: { GOPROXY: 'https://me:hush@modules.example' } };
    expect(words(options)).toBe('build --tag t --build-arg GOPROXY /p');
  });

  it('leave a variable alone that a secret is read from', () => {
    const options: BuildOptions = {
      ...NO_BUILD_OPTIONS,
      arguments: { B_TOKEN: 'public' },
      secrets: [{ id: 'b', from: { variable: 'B_TOKEN' } }],
    };
    expect(words(options)).toBe('build --tag t --build-arg B_TOKEN=public --secret id=b,env=B_TOKEN /p');
    expect(environment({ B_TOKEN: 'hush' }, options)).toEqual({ B_TOKEN: 'hush', DOCKER_BUILDKIT: '1' });
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
