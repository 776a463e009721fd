/** References to variables, as a pod's `env`, `command` and `args` have them. */

/**
 * The text with each `$(NAME)` replaced by that variable's value; one that isn't there stays as it is written, and
 * `$$` is a dollar that begins no reference. The rule is Kubernetes' (API reference of Container).
 */
export function expanded(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(environment, name) ? (environment[name] ?? whole) : whole;
  });
}
