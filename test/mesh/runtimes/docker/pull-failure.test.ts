import { expect, it } from 'vitest';
import { explainPull } from '../../../../mesh/runtimes/docker/pull-failure.ts';

/** The engine's words, as engine 20.10 and Docker Hub say them, and the beginning of ours. */
const SAID: readonly [said: string, reason: string, hint: string][] = [
  [
    'manifest for r.test/x:9 not found: manifest unknown: manifest unknown',
    'r.test has no such image',
    'check its name',
  ],
  [
    'Get "https://r.test/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
    "r.test can't be reached: connection refused",
    'is the registry up',
  ],
  [
    'Get "https://r.test/v2/": dial tcp: lookup r.test on 192.0.2.53:53: no such host',
    "r.test can't be reached: no such host",
    'is the registry up',
  ],
  [
    'Head "https://r.test/v2/x/manifests/1": no basic auth credentials',
    'r.test wants credentials',
    'docker login r.test',
  ],
  ['unauthorized: authentication required', 'r.test wants credentials', 'docker login r.test'],
  [
    "pull access denied for x, repository does not exist or may require 'docker login': denied",
    'r.test has no such image, or keeps it',
    'check its name, or docker login r.test',
  ],
  [
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'r.test has it for other platforms',
    'name one that it has',
  ],
  [
    'toomanyrequests: You have reached your pull rate limit',
    'r.test wants fewer requests',
    'wait, or docker login',
  ],
  [
    'write /var/lib/docker/tmp/GetImageBlob1: no space left on device',
    'the engine’s disk is full',
    'docker system df',
  ],
  [
    'Get "https://r.test/v2/": http: server gave HTTP response to HTTPS client',
    'r.test speaks plain HTTP',
    'list it under insecure-registries',
  ],
  [
    'Get "https://r.test/v2/": x509: certificate signed by unknown authority',
    "the certificate of r.test isn't accepted",
    "put its authority's certificate",
  ],
  ['the moon is full', 'the moon is full', 'docker pull r.test/x:9 says more'],
];

it.each(SAID)('says in plain words: %s', (said, reason, hint) => {
  const told = explainPull('r.test/x:9', said, null);
  expect(told.reason.slice(0, reason.length)).toBe(reason);
  expect(told.hint.slice(0, hint.length)).toBe(hint);
});

it('names a credential helper that gave nothing', () => {
  expect(
    explainPull('r.test/x:9', 'unauthorized: authentication required', "docker-credential-x can't be run")
      .hint,
  ).toBe("docker login r.test (docker-credential-x can't be run)");
});
