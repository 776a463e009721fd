/**
 * A container for one script, which is gone afterwards. In a pod's network namespace it is the only one with a right to
 * change or read the rules; it shares nothing else with the service.
 */
import type { Labels } from './container-body.ts';
import type { Engine } from './engine.ts';

const NO_PRIVILEGE = ['no-new-privileges'];
const RIGHTS = {
  rules: { user: '0:0', capabilitiesAdded: ['NET_ADMIN'] },
  none: { user: '65534:65534' },
};

export interface OneShotTask {
  /** As the engine names it: a network, or `container:<holder>`, a pod's namespace. */
  network: string;
  /** `rules`: root with NET_ADMIN and nothing more; `none`: nobody. */
  rights: keyof typeof RIGHTS;
  /** With busybox and nft on its PATH. */
  image: string;
  name: string;
  labels: Labels;
  script: string;
  environment?: Readonly<Record<string, string>>;
}

export interface OneShotEnd {
  code: number;
  lines: string[];
}

/** Runs the script; rejects where the engine refuses. */
export async function runOnce(engine: Engine, task: OneShotTask): Promise<OneShotEnd> {
  const { script, rights, ...rest } = task;
  const id = await engine.createContainer({
    ...rest,
    ...RIGHTS[rights],
    command: ['busybox', 'sh', '-c', script],
    capabilitiesDropped: ['ALL'],
    securityOptions: NO_PRIVILEGE,
  });
  try {
    const lines: string[] = [];
    await engine.startContainer(id);
    const [code] = await Promise.all([engine.exited(id), engine.follow(id, ({ text }) => lines.push(text))]);
    return { code, lines };
  } finally {
    await engine.removeContainer(id);
  }
}
