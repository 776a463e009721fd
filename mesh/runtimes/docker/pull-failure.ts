/** Why an image could not be fetched, in plain words, of what the engine said. The one table. */
import { registryOf } from './registry-credentials.ts';

export interface PullFailure {
  /** Fits after the name of the image. */
  reason: string;
  hint: string;
}

interface Case {
  said: RegExp;
  tell(about: { registry: string; said: string }): PullFailure;
}

const CASES: readonly Case[] = [
  {
    said: /no space left on device/i,
    tell: () => ({
      reason: 'the engine’s disk is full',
      hint: 'docker system df shows what takes the room',
    }),
  },
  {
    said: /toomanyrequests|rate limit/i,
    tell: ({ registry }) => ({
      reason: `${registry} wants fewer requests for now`,
      hint: `wait, or docker login ${registry}: those who are known may ask more often`,
    }),
  },
  {
    said: /no matching manifest|does not (match|provide) the specified platform/i,
    tell: ({ registry }) => ({
      reason: `${registry} has it for other platforms only`,
      hint: 'name one that it has: `platform:` in the Compose file',
    }),
  },
  {
    said: /HTTP response to HTTPS client/i,
    tell: ({ registry }) => ({
      reason: `${registry} speaks plain HTTP, and this engine wants TLS of it`,
      hint: 'list it under insecure-registries of the engine’s daemon.json, if you trust the way there',
    }),
  },
  {
    said: /x509|tls:|certificate/i,
    tell: ({ registry, said }) => ({
      reason: `the certificate of ${registry} isn't accepted: ${said}`,
      hint: `put its authority's certificate into /etc/docker/certs.d/${registry}/ca.crt of the engine`,
    }),
  },
  // Hub says so of what isn't there, too: it tells nobody what exists.
  {
    said: /pull access denied/i,
    tell: ({ registry }) => ({
      reason: `${registry} has no such image, or keeps it for those who are logged in`,
      hint: `check its name, or docker login ${registry}`,
    }),
  },
  {
    said: /unauthorized|no basic auth credentials|authentication required|denied/i,
    tell: ({ registry }) => ({
      reason: `${registry} wants credentials, and those that docker knows don't do`,
      hint: `docker login ${registry}`,
    }),
  },
  {
    said: /not found|manifest unknown|name unknown/i,
    tell: ({ registry }) => ({
      reason: `${registry} has no such image`,
      hint: 'check its name and tag',
    }),
  },
  {
    said: /connection refused|no such host|timeout|timed out|unreachable|connection reset|EOF|proxyconnect/i,
    tell: ({ registry, said }) => ({
      reason: `${registry} can't be reached: ${lastPart(said)}`,
      hint: 'is the registry up, and the engine’s machine online? With the image in the engine nothing is fetched',
    }),
  },
];

/**
 * @param said the engine's words
 * @param trouble why the user's credential helper gave nothing, where that is so
 */
export function explainPull(reference: string, said: string, trouble: string | null): PullFailure {
  const registry = registryOf(reference);
  const { reason, hint } = CASES.find((one) => one.said.test(said))?.tell({ registry, said }) ?? {
    reason: said,
    hint: `docker pull ${reference} says more`,
  };
  return { reason, hint: trouble === null ? hint : `${hint} (${trouble})` };
}

/** Go's errors are chains; their end is the news. */
function lastPart(said: string): string {
  return said.split(': ').slice(-1)[0] ?? said;
}
