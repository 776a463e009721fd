/** The window: bar, navigation, the view that the URL names, status line, and what floats over them. */
import { KeyRound, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SessionState } from '../../../model/session-state.ts';
import { useCommands } from '../../commands/registry.ts';
import { useShortcuts } from '../../commands/use-shortcuts.ts';
import { Loading, Notice } from '../../components/notice.tsx';
import { reconnect } from '../../store/actions.ts';
import { usePlace, type ViewName } from '../../store/selection.ts';
import { useWindow } from '../../store/window-store.ts';
import { ExportView } from '../manifests/export-view.tsx';
import { IdentitiesView } from '../identities/identities-view.tsx';
import { PoliciesView } from '../policies/policies-view.tsx';
import { RehearsalsView } from '../rehearsals/rehearsals-view.tsx';
import { ServicesView } from '../services/services-view.tsx';
import { TopologyView } from '../topology/topology-view.tsx';
import { TrafficView } from '../traffic/traffic-view.tsx';
import { Banners } from './banners.tsx';
import { Bar } from './bar.tsx';
import { Footer } from './footer.tsx';
import { Nav } from './nav.tsx';
import { Palette } from './palette.tsx';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { Tray } from './tray.tsx';

function View({ view, session }: { view: ViewName; session: SessionState }): ReactNode {
  switch (view) {
    case 'topology':
      return <TopologyView session={session} />;
    case 'traffic':
      return <TrafficView />;
    case 'rehearsals':
      return <RehearsalsView session={session} />;
    case 'policies':
      return <PoliciesView />;
    case 'identities':
      return <IdentitiesView session={session} />;
    case 'services':
      return <ServicesView session={session} />;
    case 'export':
      return <ExportView />;
  }
}

/** No session to show: still connecting, refused, or nobody there. */
function NoSession(): ReactNode {
  const link = useWindow((state) => state.link);
  if (link.status === 'refused') {
    return (
      <Notice
        icon={KeyRound}
        title="This link is used up"
        tone="warn"
        action={{ label: 'Try again', run: reconnect }}
      >
        A link of <code>greenroom serve</code> opens one window, once. Take the one that the terminal prints,
        or start it again.
      </Notice>
    );
  }
  if (link.status === 'lost') {
    return (
      <Notice
        icon={Unplug}
        title="The host does not answer"
        tone="deny"
        action={{ label: 'Try now', run: reconnect }}
      >
        {link.reason}. Is <code>greenroom serve</code> still running? This window tries again by itself.
      </Notice>
    );
  }
  return <Loading what="the mesh" />;
}

/** The whole window. */
export function App(): ReactNode {
  const { view } = usePlace();
  const session = useWindow((state) => state.session);
  const lost = useWindow((state) => state.link.status === 'lost');
  const commands = useCommands();
  useShortcuts(commands);
  return (
    <div className={lost ? 'app stale' : 'app'}>
      <Bar session={session} commands={commands} />
      <Nav />
      <main>
        <Banners session={session} />
        {session ? <View view={view} session={session} /> : <NoSession />}
      </main>
      <Footer session={session} />
      <Tray />
      <Palette commands={commands} />
      <ShortcutSheet commands={commands} />
    </div>
  );
}
