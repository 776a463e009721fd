/** What services write to their output, a line at a time, and how it is asked for. */

export interface LogLine {
  /** Rises with every line of a session. */
  id: number;
  instance: string;
  stream: 'stdout' | 'stderr';
  /** As it was written, hostile bytes included: whoever shows it makes it safe first. */
  text: string;
  /** Milliseconds since the epoch, when Greenroom read it. */
  at: number;
}

/** All given conditions must hold. */
export interface LogQuery {
  /** Absent = of every instance. */
  instances?: readonly string[];
  /** Only ids above this one. */
  after?: number;
  /** Only lines of this moment or later, ms since the epoch. */
  since?: number;
  /** Only lines that hold this text, in whatever case. */
  search?: string;
  /** With `after` the first so many that match, otherwise the last. */
  limit: number;
}

export interface LogPage {
  /** In the order in which they came. */
  lines: LogLine[];
  /** The `after` of the next question. */
  next: number;
  /** Instances of which lines after `after` are gone: more came than is kept. */
  cutOff: string[];
}
