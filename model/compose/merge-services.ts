/** Services of a Compose file and of greenroom.yaml -> one project. What greenroom.yaml says goes before. */
import type { Project, ProjectService } from '../project.ts';
import type { ComposeService } from './translate-service.ts';

/** `project` is as read: what it doesn't say is known by its having no place. */
export function mergeCompose(project: Project, services: readonly ComposeService[]): Project {
  const keys = Object.keys(project.spec.services);
  const merged: Record<string, ProjectService> = { ...project.spec.services };
  const compose: Record<string, ComposeService> = {};
  for (const service of services) {
    const key = keys.find((candidate) => candidate.slice(candidate.indexOf('/') + 1) === service.name);
    const own = key === undefined ? undefined : project.spec.services[key];
    const name = key ?? service.name;
    const says = (field: string): boolean =>
      Object.hasOwn(project.positions, `spec.services.${name}.${field}`);
    if (own?.attach !== undefined) {
      // Runs already, in an IDE: callers and its own settings know it as Compose has it, but there is no container.
      merged[name] = {
        ...own,
        ports: says('ports') ? own.ports : service.ports,
        environment: { ...service.environment, ...own.environment },
      };
      continue;
    }
    merged[name] = {
      labels: {},
      ...own,
      ...imageAndBuild(own, service),
      ports: own && says('ports') ? own.ports : service.ports,
      replicas: own && says('replicas') ? own.replicas : service.replicas,
      environment: { ...service.environment, ...own?.environment },
    };
    compose[name] = service;
  }
  return { ...project, spec: { ...project.spec, services: merged }, compose };
}

/** Both or none of them from Compose: an image's name there is also the tag of its build. */
function imageAndBuild(
  own: ProjectService | undefined,
  { image, build }: ComposeService,
): Pick<ProjectService, 'image' | 'build'> {
  if (own?.image !== undefined || own?.build !== undefined) return {};
  return { ...(image === null ? {} : { image }), ...(build === null ? {} : { build }) };
}
