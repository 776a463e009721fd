/** The two panels that float over every view. */
import { create } from 'zustand';

interface Panels {
  open: 'none' | 'palette' | 'shortcuts';
}

export const usePanels = create<Panels>(() => ({ open: 'none' }));

/** Opens one, or closes both. */
export function showPanel(open: Panels['open']): void {
  usePanels.setState({ open });
}
