import { describe, expect, it } from 'vitest';
import { parseToken } from '../../policy/tokens/compact-token.ts';
import { parseKeySet } from '../../policy/tokens/key-set.ts';
import { rememberSignatures } from '../../proxy/token-verification.ts';
import { keySetText, signer } from '../support/tokens.ts';

function checkOf(own: ReturnType<typeof signer>, sub: string) {
  const jws = parseToken(own.token({ sub }));
  const key = parseKeySet(keySetText(own))?.[0];
  if (typeof jws === 'string' || !key) throw new Error('no token or key');
  return { jws, key, signature: jws.signatureBytes };
}

describe('remembered signatures', () => {
  it('checks each once, apart by token, by signature and by key', async () => {
    let checks = 0;
    const verify = rememberSignatures(async () => {
      checks += 1;
      return checks === 1;
    });
    const [own, other] = [signer(), signer()];
    const first = checkOf(own, 'alice');
    expect([await verify(first), await verify(first)]).toEqual([true, true]);
    expect(await verify(checkOf(own, 'bob'))).toBe(false);
    expect(await verify({ ...first, key: checkOf(other, 'alice').key })).toBe(false);
    expect(await verify({ ...first, signature: Uint8Array.of(1) })).toBe(false);
    expect(checks).toBe(4);
  });

  it('forgets the oldest, not the one just asked for', async () => {
    const asked: string[] = [];
    const verify = rememberSignatures(async ({ signature }) => asked.push(signature.join()) > 0);
    const first = checkOf(signer(), 'alice');
    const nth = (n: number) => ({ ...first, signature: Uint8Array.of(n >> 8, n & 255) });
    for (let n = 0; n < 1_000; n += 1) await verify(nth(n));
    await verify(nth(0));
    await verify(nth(1_000));
    await verify(nth(0));
    expect(asked).toHaveLength(1_001);
    await verify(nth(1));
    expect(asked).toHaveLength(1_002);
  });
});
