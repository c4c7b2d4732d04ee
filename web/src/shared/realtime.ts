/** A connection to the WebSocket API (docs/realtime.md) that is made again whenever it breaks. */
import type { TokenSource } from './api.ts';

export interface OrderStatusFrame {
  readonly type: 'orderStatus' | 'subscribed';
  readonly orderId: string;
  readonly status?: string;
  readonly at?: string;
  readonly reason?: string;
}

export interface ChatMessage {
  readonly seq: number;
  readonly from: 'CUSTOMER' | 'STAFF';
  readonly userName?: string;
  readonly text: string;
  readonly at: string;
}

export interface ProblemFrame {
  readonly type: 'problem';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

export type Frame =
  | OrderStatusFrame
  | ({ readonly type: 'message'; readonly customerId: string } & ChatMessage)
  | { readonly type: 'messageSent'; readonly customerId: string; readonly seq: number; readonly at: string }
  | {
      readonly type: 'messages';
      readonly customerId: string;
      readonly items: readonly ChatMessage[];
      readonly before?: number;
    }
  | ProblemFrame;

export interface Handlers {
  /** A connection is there: subscribe (again). */
  onOpen(send: (frame: object) => void): void;
  onFrame(frame: Frame): void;
  onConnected(connected: boolean): void;
}

export interface Connection {
  /** Whether the frame was sent: not while there is no connection. */
  send(frame: object): boolean;
  close(): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export function connect(
  url: string,
  tokens: TokenSource,
  handlers: Handlers,
  Socket: typeof WebSocket = WebSocket,
): Connection {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  const open = async (): Promise<void> => {
    let token: string | undefined;
    try {
      token = await tokens.idToken();
    } catch {
      return retry();
    }
    // Nobody is signed in: whoever signs in opens a connection of their own.
    if (closed || token === undefined) return;
    const current = new Socket(`${url}?token=${encodeURIComponent(token)}`);
    socket = current;
    current.onopen = () => {
      failures = 0;
      handlers.onConnected(true);
      handlers.onOpen((frame) => current.send(JSON.stringify(frame)));
    };
    current.onmessage = ({ data }) => {
      const frame = parse(data);
      if (frame === undefined) return;
      // The token has expired: the connection ends, and the next one needs a new token.
      if (frame.type === 'problem' && frame.status === 401) void tokens.renewedIdToken().catch(() => undefined);
      handlers.onFrame(frame);
    };
    current.onclose = () => {
      if (socket !== current) return;
      socket = undefined;
      handlers.onConnected(false);
      retry();
    };
  };

  const retry = (): void => {
    if (closed) return;
    const longest = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
    failures += 1;
    // Half of the wait is random, so that clients do not all return at once.
    timer = setTimeout(() => void open(), longest * (0.5 + Math.random() / 2));
  };

  const onOnline = (): void => {
    if (socket !== undefined || closed) return;
    clearTimeout(timer);
    failures = 0;
    void open();
  };

  globalThis.addEventListener?.('online', onOnline);
  void open();
  return {
    send(frame) {
      if (socket?.readyState !== Socket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      globalThis.removeEventListener?.('online', onOnline);
      const last = socket;
      socket = undefined;
      last?.close();
    },
  };
}

function parse(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === 'object' && frame !== null && 'type' in frame ? (frame as Frame) : undefined;
  } catch {
    return undefined;
  }
}
