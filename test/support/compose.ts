/** Compose configurations as the plugin would print them, translated. */
import { readComposeConfig } from '../../model/compose/compose-config.ts';
import { ComposeSource } from '../../model/compose/compose-source.ts';
import { translateCompose } from '../../model/compose/translate.ts';
import type { ComposeService } from '../../model/compose/translate-service.ts';
import type { Problem } from '../../model/problem.ts';
import { readYaml } from '../../model/yaml-source.ts';

/** `yaml` = the files that the user wrote, for places; the one with the last word first. */
export function translated(
  config: object,
  ...yaml: readonly string[]
): { services: ComposeService[]; problems: Problem[] } {
  const read = readComposeConfig(JSON.stringify({ name: 'test', ...config }), 'compose.yaml');
  if (read.value === null) return { services: [], problems: read.problems };
  const documents = yaml.flatMap(
    (text, index) => readYaml(text, index === 0 ? 'compose.yaml' : `compose-${index}.yaml`).documents,
  );
  const { value, problems } = translateCompose(read.value, new ComposeSource(documents, 'compose.yaml'));
  return { services: value ?? [], problems };
}
