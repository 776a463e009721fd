/** How many generated cases a property gets: all that it asks for, or few while mutants are run against it. */

const MUTATION_SHARE = 50;
const AT_LEAST = 20;

/** `full`; in a mutation run, where each test runs again and again, a fiftieth of it. */
export function runs(full: number): number {
  if (process.env['GREENROOM_MUTATION'] === undefined) return full;
  return Math.min(full, Math.max(AT_LEAST, Math.ceil(full / MUTATION_SHARE)));
}
