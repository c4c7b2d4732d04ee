/** What a stage tells the pages: `config.json`, which lies beside them. docs/web.md describes it. */
export interface Config {
  /** Base of the REST API, without a slash at its end. */
  readonly apiUrl: string;
  /** Base of the WebSocket API; absent where the service `realtime` is not deployed. */
  readonly webSocketUrl?: string;
  readonly userPool: {
    readonly id: string;
    readonly clientId: string;
    readonly region: string;
    /** Cognito's endpoint; by default that of the region. */
    readonly endpoint?: string;
  };
  /** The deployed services. */
  readonly services: readonly string[];
  /** Base of the products' pictures; without it all products get a drawing. */
  readonly picturesUrl?: string;
}

export function parseConfig(value: unknown): Config {
  const config = fields(value, 'config.json');
  const userPool = fields(config['userPool'], 'userPool');
  const services = config['services'];
  if (!Array.isArray(services)) throw new Error('config.json: `services` must be a list');
  return {
    apiUrl: text(config, 'apiUrl').replace(/\/$/, ''),
    ...optional(config, 'webSocketUrl'),
    userPool: {
      id: text(userPool, 'id'),
      clientId: text(userPool, 'clientId'),
      region: text(userPool, 'region'),
      ...optional(userPool, 'endpoint'),
    },
    services: services.map(String),
    ...optional(config, 'picturesUrl'),
  };
}

/** @throws if the file is missing or unreadable: nothing works without it. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch('/config.json', { cache: 'no-cache' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  return parseConfig(await response.json());
}

type Fields = Record<string, unknown>;

function fields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw new Error(`config.json: \`${name}\` must be an object`);
  return value as Fields;
}

function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string' || value === '') throw new Error(`config.json: \`${name}\` must be a text`);
  return value;
}

function optional<Name extends string>(from: Fields, name: Name): { [key in Name]?: string } {
  const value = from[name];
  return value === undefined || value === null || value === ''
    ? {}
    : ({ [name]: text(from, name) } as { [key in Name]: string });
}
