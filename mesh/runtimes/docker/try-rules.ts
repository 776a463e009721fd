/** Whether an engine's kernel takes the rules of a pod: tried in a container of its own that has no network. */
import type { Engine } from './engine.ts';
import { labelsOf, type Owner } from './labels.ts';
import { engineName } from './names.ts';
import { nftRules } from './rules.ts';

export type RulesTrial = { containment: 'full' } | { containment: 'partial'; why: string };

const POD = { namespace: 'trial', sidecar: '192.0.2.1', ports: [8080] };
const PEERS = [
  {
    service: 'peer',
    namespace: 'trial',
    clusterIp: '192.0.2.9',
    port: 80,
    protocol: 'http',
    listen: { host: '192.0.2.1', port: 40_000 },
  },
];

/** Makes one container and removes it. Rejects where the engine refuses. */
export async function tryRules(engine: Engine, helperImage: string, owner: Owner): Promise<RulesTrial> {
  const session = { id: `doctor-${process.pid}`, mesh: 'doctor', owner };
  const id = await engine.createContainer({
    name: engineName(session.id, 'rules'),
    image: helperImage,
    labels: labelsOf(session, 'trial', 'rules'),
    command: ['busybox', 'sh', '-c', `printf '%s' "$RULES" | nft -f -`],
    environment: { RULES: nftRules(POD, PEERS) },
    user: '0:0',
    network: 'none',
    capabilitiesDropped: ['ALL'],
    capabilitiesAdded: ['NET_ADMIN'],
    securityOptions: ['no-new-privileges'],
  });
  try {
    const lines: string[] = [];
    await engine.startContainer(id);
    const [code] = await Promise.all([engine.exited(id), engine.follow(id, ({ text }) => lines.push(text))]);
    return code === 0
      ? { containment: 'full' }
      : { containment: 'partial', why: lines.at(0) ?? `nft ended with ${code}` };
  } finally {
    await engine.removeContainer(id);
  }
}
