/** `--context`: which Docker engine, before what the environment says; as `docker --context`. */
import { Option } from 'commander';

/** The option, for every command that asks an engine. */
export function contextOption(): Option {
  return new Option(
    '--context <name>',
    'which Docker context to use (before DOCKER_HOST and DOCKER_CONTEXT)',
  );
}

/**
 * Makes the choice hold for all that asks for an engine in this process, and for the `docker` commands that it calls.
 * `default` is the one context that DOCKER_HOST belongs to.
 */
export function chooseContext(name: string | undefined, environment: NodeJS.ProcessEnv = process.env): void {
  if (name === undefined) return;
  environment['DOCKER_CONTEXT'] = name;
  if (name !== 'default') delete environment['DOCKER_HOST'];
}
