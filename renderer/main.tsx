/** Starts the window: fonts, styles, theme, connection, React. */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import '@xyflow/react/dist/base.css';
import 'uplot/dist/uPlot.min.css';
import './tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/evidence.css';
import './styles/shell.css';
import './styles/graph.css';
import './styles/lists.css';
import './styles/panels.css';
import './styles/services.css';
import './styles/narrow.css';
import { createRoot } from 'react-dom/client';
import { startTheme } from './store/theme.ts';
import { startWindow } from './store/window-store.ts';
import { App } from './views/shell/app.tsx';

startTheme();
startWindow();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
