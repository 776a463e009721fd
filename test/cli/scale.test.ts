/** `greenroom scale`, as a person types it beside a `greenroom up`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Folder, greenroom, temporaryFolder, type Ran } from '../support/greenroom.ts';
import { greenroomUp, type RunningUp } from '../support/greenroom-up.ts';
import { ordersProject } from '../support/orders-project.ts';
import { eventually } from '../support/patience.ts';

let folder: Folder;
let up: RunningUp;

beforeAll(async () => {
  folder = await temporaryFolder({ 'greenroom.yaml': ordersProject() });
  up = await greenroomUp(folder.path, {});
}, 60_000);
afterAll(async () => {
  await up?.interrupt();
  await folder.remove();
});

const run = async (...args: string[]): Promise<Ran> =>
  await greenroom(['scale', ...args], { env: { GREENROOM_DATA_DIR: up.dataDir } });

describe('greenroom scale', () => {
  it.each(['orders', 'orders=101'])('refuses %j before it asks anybody', async (text) => {
    const { code, stderr } = await run(text);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('such as orders=3') });
  });

  it('says which services there are when it is asked for another', async () => {
    const { code, stderr } = await run('payments=2');
    expect(code).toBe(2);
    expect(stderr).toContain('there is no service payments');
    expect(stderr).toContain('there are: orders');
  });

  it('is done when the new ones are ready, or the others gone; `up` tells of each', async () => {
    expect(await run('orders=3')).toMatchObject({ code: 0, stderr: 'orders has 3 instances\n' });
    await eventually('up tells of them', () => /orders-2 is ready\n/.test(up.said()));
    expect(await run('orders=1')).toMatchObject({ code: 0, stderr: 'orders has 1 instance\n' });
    await eventually('up tells of their end', () => /orders-2 is gone\n/.test(up.said()));
    expect(up.said()).toMatch(/orders-2 is stopping: scaled down/);
  });

  it('from none tells in `up` where the service and its sidecar answer now', async () => {
    expect(await run('orders=0')).toMatchObject({ code: 0, stderr: 'orders has 0 instances\n' });
    await eventually('up tells of its end', () => /orders-0 is gone\n/.test(up.said()));
    const before = up.said().length;
    expect(await run('orders=1')).toMatchObject({ code: 0, stderr: 'orders has 1 instance\n' });
    await eventually('up tells where', () => /its sidecar, for anyone/.test(up.said().slice(before)));
    const [, service, sidecar] =
      /orders-0 is ready\n {2}orders .*\n +the service itself +(\S+)\n +its sidecar, for anyone (\S+)\n/.exec(
        up.said().slice(before),
      ) ?? [];
    expect((await fetch(service ?? '')).headers.get('server')).toBeNull();
    expect((await fetch(sidecar ?? '')).headers.get('server')).toBe('istio-envoy');
  });
});
