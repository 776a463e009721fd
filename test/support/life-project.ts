/** A project whose services live and die: two of `web`, one of `orders`, all of one program. */

/** Its files; `service` is the program's text, CommonJS, `environment` what `orders` has in its own. */
export function lifeProject(
  service: string,
  environment: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const one = {
    command: ['node', 'service.cjs'],
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  };
  const mesh = {
    apiVersion: 'greenroom.dev/v1',
    kind: 'Mesh',
    metadata: { name: 'life' },
    spec: { namespace: 'shop', services: { web: { ...one, replicas: 2 }, orders: { ...one, environment } } },
  };
  // YAML is a superset of JSON.
  return { 'service.cjs': service, 'greenroom.yaml': JSON.stringify(mesh) };
}
