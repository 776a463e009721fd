import { describe, expect, it } from 'vitest';
import { endWords } from '../../../../mesh/runtimes/docker/end-words.ts';
import { knownRefusal } from '../../../../mesh/runtimes/docker/refusal-words.ts';

describe('how a container ended', () => {
  it('is its code, where nothing more is known, or where it ended well although a process of it was killed', () => {
    expect(endWords({ code: 3, outOfMemory: false }, 1024)).toBe('exited with code 3');
    expect(endWords({ code: 0, outOfMemory: true }, 1024)).toBe('exited with code 0');
  });

  it('is its memory used up: how much that was, and where to raise it', () => {
    expect(endWords({ code: 137, outOfMemory: true }, 96 * 1_048_576)).toMatch(
      /used up its 96 MiB of memory; raise .*mem_limit/,
    );
    expect(endWords({ code: 137, outOfMemory: true }, null)).toContain('this machine ran out of memory');
  });
});

describe('what an engine refuses', () => {
  it.each([
    ['write /var/lib/docker/tmp/x: no space left on device', 'engine-disk-full', 'docker system df'],
    ['Pool overlaps with other one on this address space', 'no-subnet', 'docker network ls'],
    ['Bind for 0.0.0.0:80 failed: port is already allocated', 'port-taken', 'docker ps'],
    ['No such image: shop:latest', 'image-missing', 'pull'],
  ])('%s: is known, and comes with what to do', (words, code, hint) => {
    expect(knownRefusal(words)).toMatchObject({ code, hint: expect.stringContaining(hint) });
  });

  it('says no more than its words where it isn’t known', () => {
    expect(knownRefusal('driver failed')).toBeNull();
  });
});
