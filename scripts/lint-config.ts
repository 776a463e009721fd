/**
 * Writes `.oxlintrc.json`: the import table of `layers.ts` as lint rules, beside the rules we chose.
 * `--check` only says whether the file is current (exit 1 when not).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { LAYERS, OWNED_PACKAGES } from './layers.ts';

interface Restriction {
  paths: { name: string; message: string }[];
  patterns: { group: string[]; message: string }[];
}

function restriction(layer: string, file: string | null): Restriction {
  const forbidden = [...Object.keys(LAYERS), 'test', 'bench', 'scripts'].filter(
    (other) => other !== layer && !LAYERS[layer]?.includes(other),
  );
  const bridgeOnlyInStore = layer === 'renderer' && file === null ? ['bridge'] : [];
  return {
    paths: OWNED_PACKAGES.filter(({ owners }) => file === null || !owners.includes(file)).map(
      ({ name, owners }) => ({
        name,
        message: `${name} is imported in ${owners.join(', ')} only.`,
      }),
    ),
    patterns: [
      {
        group: [...forbidden, ...bridgeOnlyInStore].map((other) => `**/${other}/**`),
        message: `${layer} may import: ${LAYERS[layer]?.join(', ') || 'nothing'} (design.md, "Layout").`,
      },
    ],
  };
}

/** The configuration as an object, for the file and for the test. */
export function lintConfig(): object {
  const overrides = Object.keys(LAYERS).map((layer) => ({
    files: [`${layer}/**/*.ts`, `${layer}/**/*.tsx`],
    rules: { 'no-restricted-imports': ['error', restriction(layer, null)] },
  }));
  const owners = OWNED_PACKAGES.flatMap((entry) => entry.owners).map((file) => ({
    files: [file],
    rules: { 'no-restricted-imports': ['error', restriction(file.split('/')[0] ?? '', file)] },
  }));
  const store = {
    files: ['renderer/store/**'],
    rules: { 'no-restricted-imports': ['error', restriction('renderer', 'renderer/store/**')] },
  };
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise'],
    categories: { correctness: 'error' },
    rules: {
      'typescript/no-explicit-any': 'error',
      'typescript/no-non-null-assertion': 'error',
      'typescript/consistent-type-imports': 'error',
      'import/no-cycle': 'error',
      'import/no-default-export': 'error',
      'no-console': 'error',
      // Node's own interfaces take callbacks; a promise may end in one.
      'promise/no-callback-in-promise': 'off',
      'no-unused-vars': 'error',
      eqeqeq: 'error',
    },
    overrides: [
      ...overrides,
      ...owners,
      store,
      {
        files: ['*.config.ts', 'scenarios/**', 'scripts/mutation/test-runner.ts'],
        rules: { 'import/no-default-export': 'off' },
      },
      {
        files: ['cli/**', 'scripts/**', 'bench/**', 'scenarios/**', 'bin/**'],
        rules: { 'no-console': 'off' },
      },
      // A sandboxed preload is CommonJS, and its types come by import().
      { files: ['**/*.cts'], rules: { 'typescript/consistent-type-imports': 'off' } },
      { files: ['test/**'], rules: { 'typescript/no-non-null-assertion': 'off', 'no-console': 'off' } },
    ],
    ignorePatterns: ['dist', 'node_modules', 'test/corpora'],
  };
}

const target = new URL('../.oxlintrc.json', import.meta.url);
if (
  process.argv[1] &&
  import.meta.url.endsWith(process.argv[1].replaceAll('\\', '/').split('/').pop() ?? '')
) {
  const text = `${JSON.stringify(lintConfig(), null, 2)}\n`;
  if (process.argv.includes('--check')) {
    if (readFileSync(target, 'utf8') !== text) {
      console.error('.oxlintrc.json is stale: run `npm run lint:config`');
      process.exitCode = 1;
    }
  } else {
    writeFileSync(target, text);
  }
}
