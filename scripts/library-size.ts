/**
 * What importing `greenroom/policy` weighs: one minified bundle, gzipped, of our own code and with its dependencies.
 * Everything counts, also what an importer's bundler could shake off.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const entry = fileURLToPath(new URL('../policy/index.ts', import.meta.url));

/** Bytes of the bundle, plain and gzipped; `external` stays out of it. */
async function weigh(external: RegExp[]): Promise<{ plain: number; gzipped: number }> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: true,
      lib: { entry, formats: ['es'] },
      rolldownOptions: { external },
    },
  });
  const outputs = (Array.isArray(built) ? built : [built]).flatMap((one) =>
    'output' in one ? one.output : [],
  );
  const code = outputs.map((output) => (output.type === 'chunk' ? output.code : '')).join('');
  return { plain: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`;
for (const [name, external] of [
  ['our own code', [/^(zod|yaml|jose)(\/|$)/]],
  ['with its dependencies', []],
] as const) {
  const { plain, gzipped } = await weigh([...external]);
  console.log(`greenroom/policy, ${name}: ${kilobytes(gzipped)} gzipped (${kilobytes(plain)} minified)`);
}
