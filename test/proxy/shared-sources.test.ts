import { describe, expect, it } from 'vitest';
import { createSourceMemory, SharedSources } from '../../proxy/shared-sources.ts';

const ends = { remoteAddress: '127.0.0.1', remotePort: 5_000, localAddress: '127.0.0.1', localPort: 80 };
const web = { ip: '10.244.0.1', instance: 'web-0', tag: null };

function two(): [SharedSources, SharedSources] {
  const memory = createSourceMemory();
  return [new SharedSources(memory), new SharedSources(memory)];
}

describe('hops of other threads', () => {
  it('are unknown until they are told, and once they are gone', () => {
    const [here, there] = two();
    expect(there.lookUp(ends)).toBeNull();
    here.tell(ends, web);
    expect(there.lookUp(ends)).toMatchObject(web);
    here.forget(ends);
    expect(there.lookUp(ends)).toBeNull();
  });

  it('are not taken for another connection from the same port', () => {
    const [here, there] = two();
    here.tell(ends, web);
    expect(there.lookUp({ ...ends, localPort: 81 })).toBeNull();
    expect(there.lookUp({ ...ends, remoteAddress: '172.18.0.1' })).toBeNull();
    there.forget({ ...ends, localPort: 81 });
    expect(there.lookUp(ends)).not.toBeNull();
  });

  it('change their tag with the request that they carry', () => {
    const [here, there] = two();
    here.tell(ends, web);
    there.lookUp(ends);
    here.tell(ends, { ...web, tag: 'run/a/b' });
    expect(there.lookUp(ends)?.tag).toBe('run/a/b');
  });

  it('are not told at all when there is no room for them, rather than by half', () => {
    const [here, there] = two();
    here.tell(ends, web);
    here.tell(ends, { ...web, tag: 'x'.repeat(600) });
    expect(there.lookUp(ends)).toBeNull();
  });
});
