/** What an external authorizer was told of a case. */
export interface Checked {
  method: string;
  path: string;
  host: string;
  /** Names, sorted. */
  headers: string[];
}
