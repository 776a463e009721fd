import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderStarter } from '../../cli/compose-starter.ts';
import type { ComposeService } from '../../model/compose/translate-service.ts';
import { translated } from '../support/compose.ts';

/** As YAML reads them they are a number, a truth, nothing or a date; here each is a name. */
const NAMES = [
  '2024',
  '1e3',
  'true',
  'null',
  'no',
  'on',
  '0x1f',
  '0o7',
  '1',
  '2024-01-01',
  'inf',
  'mesh',
  'a-b',
];

function service(name: string): ComposeService {
  const [found] = translated({ services: { [name]: { image: 'x' } } }).services;
  if (!found) throw new Error(`${name} isn't translated`);
  return found;
}

describe('the greenroom.yaml that init writes', () => {
  it.each(NAMES)('reads back as it was meant where everything is called %s', (name) => {
    const text = renderStarter({
      meshName: name,
      composeFiles: ['./compose.yaml'],
      policies: 'absent',
      services: [service(name)],
      ports: new Map([[name, [{ port: 80, name, why: 'a guess' }]]]),
      gateways: [],
    });
    expect(parse(text)).toEqual({
      apiVersion: 'greenroom.dev/v1',
      kind: 'Mesh',
      metadata: { name },
      spec: {
        namespace: name,
        compose: './compose.yaml',
        services: { [name]: { serviceAccount: name, ports: [{ name, port: 80 }] } },
      },
    });
  });
});
