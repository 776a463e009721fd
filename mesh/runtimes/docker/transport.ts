/**
 * How bytes get to an engine: a socket, TCP, TLS, or the standard streams of `ssh`. Endpoint -> what dockerode's
 * modem is told. All of it is said, since the modem fills what is missing from the environment, in another order than
 * the `docker` command line.
 */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import type { EngineEndpoint, EngineTls } from './endpoint.ts';
import { sshAgent, sshDestination } from './ssh-transport.ts';

export interface Transport {
  socketPath: string | undefined;
  host: string | undefined;
  port: number | undefined;
  protocol: 'http' | 'https';
  agent: HttpAgent | undefined;
  ca: undefined;
  cert: undefined;
  key: undefined;
  timeout: undefined;
  pathPrefix: '/';
}

const NOTHING = {
  socketPath: undefined,
  host: undefined,
  port: undefined,
  protocol: 'http',
  agent: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
  pathPrefix: '/',
} as const satisfies Transport;

/** The way to an engine. Throws where its address isn't one, or its TLS files can't be read. */
export function transportTo({ url, tls }: EngineEndpoint): Transport {
  const [scheme = '', rest = ''] = url.split(/:\/\/(.*)/s);
  if (scheme === 'unix' || scheme === 'npipe')
    return { ...NOTHING, socketPath: rest, agent: terse(oneRequestEach()) };
  if (scheme === 'ssh')
    return { ...NOTHING, host: 'docker', port: 80, agent: terse(sshAgent(sshDestination(url))) };
  const address = scheme === 'tcp' || scheme === 'http' || scheme === 'https' ? URL.parse(url) : null;
  if (address === null) throw new Error('only unix://, npipe://, tcp:// and ssh:// can be used');
  if (address.username !== '' || !['', '/'].includes(address.pathname))
    throw new Error('an address of an engine has neither a user nor a path');
  const encrypted = tls !== undefined || scheme === 'https';
  return {
    ...NOTHING,
    protocol: encrypted ? 'https' : 'http',
    host: address.hostname.replaceAll(/[[\]]/g, ''),
    port: Number(address.port || (encrypted ? 2376 : 2375)),
    agent: terse(encrypted ? new HttpsAgent(tls === undefined ? {} : tlsOptions(tls)) : oneRequestEach()),
  };
}

/**
 * The modem makes a text of what it sends, to any depth and whether somebody reads it or not: of an agent that would be
 * every connection it has. With a hundred containers that start, five sixths of our time went there.
 */
function terse(agent: HttpAgent): HttpAgent {
  return Object.assign(agent, { [inspect.custom]: () => agent.constructor.name });
}

/** A connection a request: an engine that is about to end still answers on those that it has. */
function oneRequestEach(): HttpAgent {
  return new HttpAgent({ keepAlive: false });
}

function tlsOptions({ ca, cert, key, server }: EngineTls) {
  const verified = server === 'verified';
  return {
    // Who isn't verified needs no root: docker doesn't read it then.
    ...(ca === undefined || !verified ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
    rejectUnauthorized: verified,
  };
}
