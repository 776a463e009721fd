/** What an engine is, by its own words. */

export interface EngineFacts {
  product: 'Docker' | 'Podman';
  version: string;
  /** `linux` or `windows`: what the engine's containers are. */
  containerOs: string;
  /** `Debian GNU/Linux 12`, `Docker Desktop`, … */
  operatingSystem: string;
  rootless: boolean;
  /** As `uname -m` says it: `x86_64`, `aarch64`. */
  architecture: string;
}

/** Of its answer to `/info`, what is asked here. */
export interface EngineInfo {
  ServerVersion?: string;
  OSType?: string;
  OperatingSystem?: string;
  SecurityOptions?: string[];
  Architecture?: string;
}

/** Podman tells its architecture as Go does. */
const UNAME: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** `version`: its answer to `/version`. */
export function factsOf(
  info: EngineInfo,
  { Components: parts }: { Components?: readonly { Name: string }[] },
): EngineFacts {
  return {
    product: (parts ?? []).some(({ Name }) => Name === 'Podman Engine') ? 'Podman' : 'Docker',
    version: info.ServerVersion ?? 'unknown',
    containerOs: info.OSType ?? 'unknown',
    operatingSystem: info.OperatingSystem ?? 'unknown',
    rootless: (info.SecurityOptions ?? []).some((option) => option.includes('name=rootless')),
    architecture: UNAME[info.Architecture ?? ''] ?? info.Architecture ?? 'unknown',
  };
}
