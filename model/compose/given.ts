/** Optional fields, left out where there is nothing to say. */

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that aren't undefined. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
