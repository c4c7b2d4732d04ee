import { createRoot } from 'react-dom/client';
import { loadConfig } from '../shared/config.ts';

const root = createRoot(document.getElementById('root')!);
const config = await loadConfig();
root.render(<h1>Ferrocart at {config.apiUrl}</h1>);
