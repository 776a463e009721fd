/** What a host tells its windows, as one value: a name of `WindowApi` and its arguments. */
import type { WindowApi } from '../bridge/contract.ts';

export type Notice = {
  [Name in keyof WindowApi]: { name: Name; args: Parameters<WindowApi[Name]> };
}[keyof WindowApi];
