/** A thing a person can do: what the palette lists, a shortcut fires and the `?` sheet explains. */
export interface Command {
  id: string;
  title: string;
  group: 'Go to' | 'Rehearse' | 'Traffic' | 'Replay' | 'Mesh' | 'Window' | 'Scenario' | 'Service';
  /** `mod+k`, `g t`, `?`; a space parts keys pressed one after the other. */
  keys?: string;
  /** More words to find it by. */
  also?: string;
  run: () => void;
}
