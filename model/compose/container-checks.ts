/**
 * What a reviewer would ask of the containers of a Compose file, each question under a code of its own. Pure: told by
 * `greenroom check`, whatever becomes of the key here; the same container will run elsewhere.
 */
import type { Problem } from '../problem.ts';
import type { ComposeConfig, ComposeServiceConfig } from './compose-config.ts';
import type { ComposeSource } from './compose-source.ts';
import { looksSecret } from './looks-secret.ts';

/** One place in a service, and what is wrong with it. */
interface Suspicion {
  path: readonly (string | number)[];
  /** An entry of the list at the path. */
  element?: string;
  message: string;
  hint: string;
}

export interface ContainerCheck {
  /** Stable, kebab-case; also the name of its page under docs/checks/. */
  code: string;
  summary: string;
  /** `whole` = the configuration that the service is of: it says what its secrets and configs are. */
  find(service: ComposeServiceConfig, whole: ComposeConfig): Suspicion[];
}

const SOCKET = /(^|\/)(docker|podman|containerd|crio|cri-dockerd)\.sock$/;
/** Folders that a machine is made of, or that hold whole projects. */
const HOST_FOLDER =
  /^\/((bin|boot|dev|etc|lib|lib64|proc|run|sbin|sys)(\/.*)?|usr(\/(bin|lib|sbin)(\/.*)?)?|var(\/(run|log|lib)(\/.*)?)?|home(\/[^/]+)?|root)?\/?$/;
const KEY_FOLDER = /\/\.(ssh|aws|azure|kube|docker|gnupg|config\/gcloud)(\/|$)/;
/** Everybody mounts these, and they tell nothing. */
const HARMLESS = /^\/etc\/(localtime|timezone)$/;
/** What may be added under the baseline of Kubernetes' Pod Security Standards: the engine's own default set. */
const BASELINE = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

export const CONTAINER_CHECKS: readonly ContainerCheck[] = [
  {
    code: 'container-capability',
    summary: 'A capability that no ordinary service needs',
    find: ({ cap_add }) =>
      (cap_add ?? [])
        .filter((name) => !BASELINE.has(name.toUpperCase().replace(/^CAP_/, '')))
        .map((name) => ({
          path: ['cap_add'],
          element: name,
          message: `${name} is more than a service needs to serve`,
          hint: 'leave it out; the baseline of Kubernetes’ Pod Security Standards refuses it',
        })),
  },
  {
    code: 'container-engine-socket',
    summary: 'A container that commands the engine',
    find: (service, whole) => [
      ...binds(service, whole, (source) => SOCKET.test(source)).map(({ path, source }) => ({
        path,
        message: `${source} is the engine itself: who gets into this container has the machine`,
        hint: 'leave the mount out; what must ask the engine belongs outside of the mesh',
      })),
      ...(service['use_api_socket'] === true
        ? [
            {
              path: ['use_api_socket'],
              message: 'the engine’s socket is handed to it: who gets into this container has the machine',
              hint: 'leave it out',
            },
          ]
        : []),
    ],
  },
  {
    code: 'container-host-namespace',
    summary: 'A container in a namespace of the host',
    find: (service) =>
      ['network_mode', 'pid', 'ipc', 'uts', 'userns_mode', 'cgroup']
        .filter((key) => service[key] === 'host')
        .map((key) => ({
          path: [key],
          message: `${key}: host takes away a wall between this container and the machine`,
          hint: 'leave it out: a service of a mesh needs none of the host’s namespaces',
        })),
  },
  {
    code: 'container-host-path',
    summary: 'A folder of the machine in a container',
    find: (service, whole) =>
      binds(service, whole, isOfHost).map(({ path, source }) => ({
        path,
        message: `${source} belongs to the machine, not to the project`,
        hint: 'mount a file of the project, a volume, a config or a secret',
      })),
  },
  {
    code: 'container-image-latest',
    summary: 'An image without a version',
    find: ({ image, build }) =>
      image === undefined || build || isPinned(image)
        ? []
        : [
            {
              path: ['image'],
              message: `${image} is whatever was pushed last: what is rehearsed isn't what will run`,
              hint: 'name a version, or better a digest (image@sha256:…)',
            },
          ],
  },
  {
    code: 'container-privileged',
    summary: 'A privileged container',
    find: ({ privileged }) =>
      privileged === true
        ? [
            {
              path: ['privileged'],
              message: 'a privileged container is root on the machine',
              hint: 'leave it out, and add the one capability that is needed',
            },
          ]
        : [],
  },
  {
    code: 'container-root',
    summary: 'A service that runs as root',
    find: ({ user }) =>
      user !== undefined && /^(root|0+)(:.*)?$/.test(user)
        ? [
            {
              path: ['user'],
              message: `user ${user} is root: a hole in the service is a hole in the container`,
              hint: 'name a user of the image, or a number above 0; ports below 1024 need no root in a container',
            },
          ]
        : [],
  },
  {
    code: 'container-secret-in-environment',
    summary: 'A secret in the environment',
    find: ({ environment }) =>
      Object.entries(environment ?? {})
        .filter(([name, value]) => looksSecret(name, value))
        .map(([name]) => ({
          path: ['environment', name],
          // Never the value.
          message: `${name} holds a secret: whoever may inspect the container, or reads a crash report, has it`,
          hint: 'use secrets:, and the variable’s _FILE form where the image knows one',
        })),
  },
];

/** Every finding, with its line in the user's own file; a warning, since it changes no verdict. */
export function containerFindings(config: ComposeConfig, source: ComposeSource): Problem[] {
  return Object.entries(config.services).flatMap(([name, service]) =>
    CONTAINER_CHECKS.flatMap(({ code, find }) =>
      find(service, config).map(({ path, element, message, hint }) => ({
        code,
        severity: 'warning' as const,
        message: `${name}: ${message}`,
        hint,
        at: source.serviceKey(name, path, element),
        docs: `docs/checks/${code}.md`,
      })),
    ),
  );
}

/** What it mounts of the machine: by its volumes, and by secrets and configs that are files. */
function binds(
  service: ComposeServiceConfig,
  whole: ComposeConfig,
  wanted: (source: string) => boolean,
): { path: readonly (string | number)[]; source: string }[] {
  const volumes = (service.volumes ?? []).map(({ type, source }, index) => ({
    path: ['volumes', index],
    source: type === 'bind' ? source : undefined,
  }));
  const files = (['secrets', 'configs'] as const).flatMap((kind) =>
    (service[kind] ?? []).map((use, index) => ({
      path: [kind, index],
      source: whole[kind][use.source]?.file,
    })),
  );
  return [...volumes, ...files].flatMap(({ path, source }) =>
    source !== undefined && wanted(source) ? [{ path, source }] : [],
  );
}

function isOfHost(source: string): boolean {
  if (SOCKET.test(source) || HARMLESS.test(source)) return false;
  return HOST_FOLDER.test(source) || KEY_FOLDER.test(source);
}

/** A digest, or a tag that isn't `latest`; the port of a registry is none. */
function isPinned(image: string): boolean {
  if (image.includes('@')) return true;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag !== undefined && tag !== 'latest';
}
