/** `null` in protobuf JSON: a field that isn't set. Istio reads its objects that way, so they are read so here. */

/** A copy without fields that are null. Elements of lists stay: there, null is an empty message or an error. */
export function unsetNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unsetNulls);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.map(([key, field]) => [key, unsetNulls(field)]));
}
