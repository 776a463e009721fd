/** The certificates of both sidecars, on disk for peers that read files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueLeaf } from '../../mesh/pki/issuer.ts';
import { createRoot } from '../../mesh/pki/root.ts';
import { createClock } from '../../model/clock.ts';

export interface IdentityFiles {
  certificate: string;
  key: string;
  /** Both in one file, as HAProxy wants it. */
  both: string;
}

export interface Identities {
  /** Of the root certificate. */
  root: string;
  web: IdentityFiles;
  orders: IdentityFiles;
}

/** Makes a root and two leaves; writes them into `folder`. */
export async function makeIdentities(folder: string): Promise<Identities> {
  const clock = createClock(() => Date.now());
  const root = await createRoot({ name: 'bench' }, clock);
  const leaf = async (account: string): Promise<IdentityFiles> => {
    const issued = await issueLeaf(
      root,
      { spiffeId: `spiffe://cluster.local/ns/shop/sa/${account}`, fault: 'none' },
      clock,
    );
    const key = issued.privateKey.reveal();
    return {
      certificate: write(folder, `${account}.crt`, issued.certificateChainPem),
      key: write(folder, `${account}.key`, key),
      both: write(folder, `${account}.pem`, issued.certificateChainPem + key),
    };
  };
  return {
    root: write(folder, 'root.crt', root.certificatePem),
    web: await leaf('web'),
    orders: await leaf('orders'),
  };
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 });
  return path;
}
