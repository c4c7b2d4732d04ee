import '../shared/base.css';
import './back-office.css';
import { start } from '../shared/start.tsx';
import { App } from './app.tsx';

await start(() => <App />);
