/**
 * What the list of traffic asks for. All given filters must hold. The answer rises by id: with `after` the first
 * `limit` that match, otherwise the last.
 */
export interface EventQuery {
  /** Only ids below this one (older); for paging backwards. */
  before?: number;
  /** Only ids above this one (newer). */
  after?: number;
  verdict?: 'allow' | 'deny';
  workload?: string;
  tag?: string;
  text?: string;
  /** 1 to 10,000. */
  limit: number;
}
