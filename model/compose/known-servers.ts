/** Servers by the words of their images and commands, and what a port's number or a URL's scheme says of its protocol. */

export interface KnownServer {
  port: number;
  /** A port's name, which begins with the protocol by Istio's rule. */
  name: string;
}

const HTTP = { port: 80, name: 'http' };
const POSTGRES = { port: 5432, name: 'tcp-postgres' };
const REDIS = { port: 6379, name: 'redis' };
const MYSQL = { port: 3306, name: 'mysql' };
const AMQP = { port: 5672, name: 'tcp-amqp' };

/** By a word of the image's name, or of the command. */
const BY_WORD: ReadonlyMap<string, KnownServer> = new Map([
  ['postgres', POSTGRES],
  ['postgresql', POSTGRES],
  ['postgis', POSTGRES],
  ['timescaledb', POSTGRES],
  ['pgvector', POSTGRES],
  ['redis', REDIS],
  ['valkey', REDIS],
  ['mysql', MYSQL],
  ['mysqld', MYSQL],
  ['mariadb', MYSQL],
  ['mariadbd', MYSQL],
  ['mongo', { port: 27_017, name: 'mongo' }],
  ['mongod', { port: 27_017, name: 'mongo' }],
  ['mongodb', { port: 27_017, name: 'mongo' }],
  ['memcached', { port: 11_211, name: 'tcp-memcached' }],
  ['rabbitmq', AMQP],
  ['nats', { port: 4222, name: 'tcp-nats' }],
  ['kafka', { port: 9092, name: 'tcp-kafka' }],
  ['redpanda', { port: 9092, name: 'tcp-kafka' }],
  ['zookeeper', { port: 2181, name: 'tcp-zookeeper' }],
  ['elasticsearch', { port: 9200, name: 'http' }],
  ['opensearch', { port: 9200, name: 'http' }],
  ['minio', { port: 9000, name: 'http' }],
  ['mailhog', { port: 1025, name: 'tcp-smtp' }],
  ['nginx', HTTP],
  ['httpd', HTTP],
  ['apache', HTTP],
  ['caddy', HTTP],
  ['traefik', HTTP],
  ['adminer', { port: 8080, name: 'http' }],
  ['keycloak', { port: 8080, name: 'http' }],
  ['grafana', { port: 3000, name: 'http' }],
  ['prometheus', { port: 9090, name: 'http' }],
]);

/** By the scheme of a URL that a caller is given; `port` where the URL names none. */
const BY_SCHEME: ReadonlyMap<string, KnownServer> = new Map([
  ['http', HTTP],
  ['ws', HTTP],
  ['https', { port: 443, name: 'https' }],
  ['wss', { port: 443, name: 'https' }],
  ['grpc', { port: 50_051, name: 'grpc' }],
  ['postgres', POSTGRES],
  ['postgresql', POSTGRES],
  ['redis', REDIS],
  ['mysql', MYSQL],
  ['mariadb', MYSQL],
  ['mongodb', { port: 27_017, name: 'mongo' }],
  ['amqp', AMQP],
  ['nats', { port: 4222, name: 'tcp-nats' }],
  ['kafka', { port: 9092, name: 'tcp-kafka' }],
]);

/** By the program of a health check. */
const BY_PROBE: ReadonlyMap<string, KnownServer> = new Map([
  ['pg_isready', POSTGRES],
  ['psql', POSTGRES],
  ['redis-cli', REDIS],
  ['valkey-cli', REDIS],
  ['mysqladmin', MYSQL],
  ['mongosh', { port: 27_017, name: 'mongo' }],
  ['rabbitmq-diagnostics', AMQP],
]);

const HTTP_PORTS = new Set([80, 3000, 4000, 5000, 8000, 8008, 8080, 8081, 8888, 9000, 9200]);

/** The server that a text (an image's name, a command) names, by its words. */
export function serverNamedIn(text: string): KnownServer | null {
  for (const word of text.toLowerCase().split(/[^a-z0-9]+/)) {
    const found = BY_WORD.get(word);
    if (found) return found;
  }
  return null;
}

/** `postgresql+asyncpg` is PostgreSQL too. */
export function serverOfScheme(scheme: string): KnownServer | null {
  return BY_SCHEME.get(scheme.toLowerCase().split('+', 1)[0] ?? '') ?? null;
}

/** The server that a health check's program asks. */
export function serverProbedBy(test: string): KnownServer | null {
  for (const [program, server] of BY_PROBE) if (test.includes(program)) return server;
  return null;
}

/** A port's name by its number alone; null where that tells nothing. */
export function nameOfPort(port: number): string | null {
  const known = [...BY_SCHEME.values(), ...BY_WORD.values()].find((server) => server.port === port);
  return known?.name ?? (HTTP_PORTS.has(port) ? 'http' : null);
}
