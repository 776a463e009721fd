/**
 * Open Policy Agent, as a WebAssembly bundle that its own compiler makes of the same rules. The compiler isn't a
 * package: it is taken from GREENROOM_OPA or the PATH, and without it this peer is left out by name.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { regoPolicies } from '../policy-rules.ts';
import type { FoundPeer, Peer } from './peer.ts';

/** Of 64 KiB: more than the module of 10,000 rules declares. */
const PAGES = 1_024;

/** The compiler that is at hand, or how to get one. */
export function findOpa(): FoundPeer {
  const compiler = process.env['GREENROOM_OPA'] ?? 'opa';
  try {
    const version = /Version: (\S+)/.exec(execFileSync(compiler, ['version'], { encoding: 'utf8' }))?.[1];
    return { peer: { name: `opa wasm ${version ?? ''}`.trim(), load: (count) => load(compiler, count) } };
  } catch {
    return { missing: 'opa: no compiler (build github.com/open-policy-agent/opa, then set GREENROOM_OPA)' };
  }
}

async function load(compiler: string, count: number): ReturnType<Peer['load']> {
  const module = await WebAssembly.compile(new Uint8Array(bundledModule(compiler, count)));
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const abort = (): never => {
    throw new Error('OPA aborted');
  };
  const env = Object.fromEntries(
    ['opa_abort', 'opa_println', ...[0, 1, 2, 3, 4].map((arity) => `opa_builtin${arity}`)].map((name) => [
      name,
      abort,
    ]),
  );
  const instance = await WebAssembly.instantiate(module, { env: { ...env, memory } });
  const opa = instance.exports as unknown as OpaExports;
  const data = parse(opa, memory, '{}');
  const heap = opa.opa_heap_ptr_get();
  return (request) => {
    const input = JSON.stringify(request);
    return () => {
      const length = write(memory, heap, input);
      const result = opa.opa_eval(0, 0, data, heap, length, heap + length, 0);
      return readText(memory, result).includes('true');
    };
  };
}

/** Of OPA's ABI 1.2, what one evaluation needs. */
interface OpaExports {
  opa_malloc(size: number): number;
  opa_json_parse(address: number, length: number): number;
  opa_heap_ptr_get(): number;
  opa_eval(
    reserved: number,
    entrypoint: number,
    data: number,
    input: number,
    length: number,
    heap: number,
    format: number,
  ): number;
}

function parse(opa: OpaExports, memory: WebAssembly.Memory, json: string): number {
  const address = opa.opa_malloc(json.length);
  return opa.opa_json_parse(address, write(memory, address, json));
}

function write(memory: WebAssembly.Memory, address: number, text: string): number {
  return Buffer.from(memory.buffer).write(text, address);
}

function readText(memory: WebAssembly.Memory, address: number): string {
  const bytes = Buffer.from(memory.buffer);
  return bytes.toString('utf8', address, bytes.indexOf(0, address));
}

/** `policy.wasm` out of the bundle, which is a gzipped tar. */
function bundledModule(compiler: string, count: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-opa-'));
  try {
    const [rules, bundle] = [join(folder, 'rules.rego'), join(folder, 'bundle.tar.gz')];
    writeFileSync(rules, regoPolicies(count));
    execFileSync(compiler, ['build', '-t', 'wasm', '-e', 'greenroom/allow', '-o', bundle, rules]);
    const tar = gunzipSync(readFileSync(bundle));
    for (let at = 0; at + 512 <= tar.length; ) {
      const name = tar.toString('latin1', at, tar.indexOf(0, at));
      const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
      if (name.endsWith('policy.wasm')) return tar.subarray(at + 512, at + 512 + size);
      at += 512 + Math.ceil(size / 512) * 512;
    }
    throw new Error('OPA made a bundle without policy.wasm');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
