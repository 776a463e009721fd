/**
 * A container that joins a pod's network namespace for one script and is gone afterwards: the only one with a right
 * to change or read the rules there. It shares nothing else with the service.
 */
import type { Labels } from './container-body.ts';
import type { Engine } from './engine.ts';

const NO_PRIVILEGE = ['no-new-privileges'];

export interface OneShotTask {
  holder: string;
  /** With busybox and nft on its PATH. */
  image: string;
  name: string;
  labels: Labels;
  script: string;
  environment: Readonly<Record<string, string>>;
}

export interface OneShotEnd {
  code: number;
  lines: string[];
}

/** Runs the script as root with NET_ADMIN and nothing more; rejects where the engine refuses. */
export async function runOnce(engine: Engine, task: OneShotTask): Promise<OneShotEnd> {
  const { holder, script, ...rest } = task;
  const id = await engine.createContainer({
    ...rest,
    command: ['busybox', 'sh', '-c', script],
    user: '0:0',
    network: `container:${holder}`,
    capabilitiesDropped: ['ALL'],
    capabilitiesAdded: ['NET_ADMIN'],
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
