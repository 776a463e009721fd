/** Where real sidecars sent real requests, against the pure part: destination, path, host, headers and direct answers. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWith, sharedFolder } from '../../support/requires.ts';
import { pureDifferences } from '../../support/pure-routes.ts';
import { readRouteSuite } from '../../support/route-suites.ts';

describeWith('corpora', 'the recorded routes of Istio', () => {
  const folder = fileURLToPath(new URL('corpora/istio/generated/', sharedFolder));
  const files = readdirSync(folder).filter((name) => name.startsWith('routes-'));

  it('has suites', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)('chooses as Istio’s sidecars do in %s', (name) => {
    const { judged, differences } = pureDifferences(readRouteSuite(`${folder}${name}`));
    expect(judged).toBeGreaterThan(0);
    expect(differences).toEqual([]);
  });
});
