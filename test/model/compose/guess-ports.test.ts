import { describe, expect, it } from 'vitest';
import { guessPorts } from '../../../model/compose/guess-ports.ts';
import { translated } from '../../support/compose.ts';

/** `http 8000 (why)`, of the service called `it`. */
function guessed(
  service: Record<string, unknown>,
  others: Readonly<Record<string, object>> = {},
  dockerfile?: string,
): string[] {
  const { services } = translated({ services: { it: { image: 'acme/thing', ...service }, ...others } });
  const dockerfiles = new Map(dockerfile === undefined ? [] : [['it', dockerfile]]);
  return (guessPorts(services, dockerfiles).get('it') ?? []).map(
    ({ name, port, why }) => `${name} ${port} (${why})`,
  );
}
const told = (...values: string[]) => ({ api: { image: 'a', environment: { ...values } } });

describe('a guess of ports', () => {
  it('is none where nothing tells', () => {
    expect(guessed({})).toEqual([]);
    expect(guessed({ environment: { PORT: 'none' }, healthcheck: { test: ['CMD', 'true'] } })).toEqual([]);
  });

  it("isn't misled by hosts that only begin or end like the service, nor by paths", () => {
    expect(
      guessed({}, told('http://it.example.com:81', 'http://not-it:82', 'http://api/it:83', 'with it:8')),
    ).toEqual([]);
  });

  it.each([
    ['http://it', 'http 80'],
    ['http://it:8000/x', 'http 8000'],
    ['https://it', 'https 443'],
    ['postgresql+asyncpg://user:p%40ss@it:5433/db', 'tcp-postgres 5433'],
    ['postgres://u:p@it/db', 'tcp-postgres 5432'],
    ['redis://:secret@it:6380/0', 'redis 6380'],
    ['mongodb://it', 'mongo 27017'],
    ['grpc://it:9000', 'grpc 9000'],
    ['it:5672', 'tcp-amqp 5672'],
    ['first:1,it:9092', 'tcp-kafka 9092'],
    ['it:7777', 'tcp 7777'],
  ])('is read off what others are told: %s', (value, expected) => {
    expect(guessed({}, told(value))).toEqual([`${expected} (what api is told)`]);
  });

  it.each([
    [['CMD-SHELL', 'curl -f http://localhost:8000/health'], 'http 8000'],
    [['CMD', 'wget', '-q', 'http://127.0.0.1/'], 'http 80'],
    [['CMD-SHELL', 'pg_isready -U app'], 'tcp-postgres 5432'],
    [['CMD-SHELL', 'pg_isready -p 5433'], 'tcp-postgres 5433'],
    [['CMD', 'redis-cli', '--port 7000', 'ping'], 'redis 7000'],
  ])('is read off the health check: %j', (test, expected) => {
    expect(guessed({ healthcheck: { test } })).toEqual([`${expected} (the health check)`]);
  });

  it('is read off the last stage of a Dockerfile', () => {
    const dockerfile = 'FROM a AS build\nEXPOSE 1\nFROM b\nexpose 8000 9/udp 9001/tcp\n';
    expect(guessed({ build: { context: '/p' } }, {}, dockerfile)).toEqual([
      'http 8000 (EXPOSE of its Dockerfile)',
      'tcp 9001 (EXPOSE of its Dockerfile)',
    ]);
  });

  it('is none for a service with a command of its own that shares its folder with another: it may be a worker', () => {
    const others = { api: { build: { context: '/p' } } };
    expect(guessed({ build: { context: '/p' }, command: ['work'] }, others, 'FROM a\nEXPOSE 80\n')).toEqual(
      [],
    );
  });

  it('is none for a job, whatever its image: it ends before anybody could call it', () => {
    const others = {
      api: { image: 'a', depends_on: { it: { condition: 'service_completed_successfully' } } },
    };
    expect(guessed({ image: 'postgres', command: ['psql'] }, others)).toEqual([]);
  });

  it.each([
    ['postgres:16', 'tcp-postgres 5432'],
    ['registry.example.com:5000/team/my-redis:7', 'redis 6379'],
    ['mariadb', 'mysql 3306'],
    ['bitnami/nginx', 'http 80'],
  ])('falls back to what the image %s is known for', (image, expected) => {
    expect(guessed({ image })).toEqual([`${expected} (the image ${image})`]);
  });

  it('looks past an image whose entry point is another program', () => {
    expect(guessed({ image: 'postgres', entrypoint: ['psql'] })).toEqual([]);
  });

  it('falls back to what the command is known for', () => {
    expect(guessed({ command: ['/usr/bin/redis-server', '--save', ''] })).toEqual([
      'redis 6379 (the command /usr/bin/redis-server)',
    ]);
  });

  it('leaves the number that the file declares, and names its protocol by the image', () => {
    expect(guessed({ image: 'postgres', ports: [{ target: 6000 }] })).toEqual([
      'tcp-postgres 6000 (the Compose file)',
    ]);
  });

  it('leaves a name or an appProtocol that tells the protocol', () => {
    expect(
      guessed({
        ports: [
          { target: 6000, name: 'grpc-api' },
          { target: 81, app_protocol: 'kubernetes.io/h2c' },
        ],
      }),
    ).toEqual(['http2 81 (the Compose file)', 'grpc-api 6000 (the Compose file)']);
  });

  it('gives two ports of a protocol two names', () => {
    expect(guessed({ expose: ['8080', '8081'] })).toEqual([
      'http 8080 (the Compose file)',
      'http-8081 8081 (the Compose file)',
    ]);
  });

  it('is plain TCP where only the number is known', () => {
    expect(guessed({ expose: ['7777'] })).toEqual(['tcp 7777 (the Compose file)']);
  });
});
