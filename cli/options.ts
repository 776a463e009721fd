/** Options that several commands share, so that they read the same everywhere. */
import { InvalidArgumentError, Option } from 'commander';
import type { Driver } from '../mesh/runtimes/docker/pod-network.ts';
import type { Format } from './output.ts';

/** `--format text|json`. */
export function formatOption(): Option {
  return new Option('--format <format>', 'how the result is printed')
    .choices(['text', 'json'])
    .default('text' satisfies Format);
}

export type RuntimeChoice = 'process' | 'docker' | 'auto';

/** `--runtime process|docker|auto`. */
export function runtimeOption(): Option {
  return new Option(
    '--runtime <runtime>',
    'what runs the services; auto = docker where an engine answers and the services name images',
  )
    .choices(['process', 'docker', 'auto'])
    .default('auto' satisfies RuntimeChoice);
}

export type DriverChoice = Driver | 'auto';

/** `--driver gateway|relay|auto`, or `GREENROOM_DRIVER`. */
export function driverOption(): Option {
  return new Option(
    '--driver <driver>',
    'how containers and their sidecars reach each other; auto = the gateway driver where it is measured to work, else the relay',
  )
    .choices(['gateway', 'relay', 'auto'])
    .env('GREENROOM_DRIVER')
    .default('auto' satisfies DriverChoice);
}

/** A port number of the command line. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return port;
}

/** A folder of the command line: `--out "$UNSET"` must not mean the current one. */
export function parseFolder(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('name a folder');
  return text;
}
