/** A number with what it counts, for people. */

/** `1 service`, `0 services`, `2 policies`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
