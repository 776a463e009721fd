/**
 * Who may import whom: the table of design.md, once. `lint-config.ts` makes oxlint's rules of it, and a test holds
 * it against `docs/architecture.md`.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  wire: ['model'],
  policy: ['model', 'wire'],
  export: ['model', 'policy'],
  bridge: ['model'],
  proxy: ['model', 'wire', 'policy'],
  mesh: ['model', 'wire', 'policy', 'proxy'],
  rehearsal: ['model', 'wire', 'policy', 'mesh'],
  host: ['bridge', 'model', 'policy', 'mesh', 'rehearsal', 'export'],
  cli: ['model', 'wire', 'policy', 'export', 'bridge', 'proxy', 'mesh', 'rehearsal', 'host'],
  electron: ['host', 'bridge', 'model'],
  renderer: ['bridge', 'model', 'policy'],
};

/** Folders that may import anything. */
export const FREE: readonly string[] = ['test', 'bench', 'scripts'];

/** Packages that only the named files may import. */
export const OWNED_PACKAGES: readonly { name: string; owners: readonly string[] }[] = [
  { name: 'dockerode', owners: ['mesh/runtimes/docker/dockerode-engine.ts'] },
  { name: 'node:sqlite', owners: ['mesh/recording-store.ts'] },
  { name: 'electron', owners: ['electron/**'] },
];
