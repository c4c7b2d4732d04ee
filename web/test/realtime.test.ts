import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connect, type Frame } from '../src/shared/realtime.ts';

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  readonly sent: unknown[] = [];
  readonly url: string;
  onopen?: () => void;
  onmessage?: (event: { data: unknown }) => void;
  onclose?: () => void;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }
  close(): void {
    this.onclose?.();
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

const Socket = FakeSocket as unknown as typeof WebSocket;
const tokens = { idToken: vi.fn(async () => 'a+b'), renewedIdToken: vi.fn(async () => 'new') };

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  FakeSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const frames: Frame[] = [];
  const states: boolean[] = [];
  const connection = connect(
    'wss://ws.test/dev',
    tokens,
    {
      onOpen: (send) => send({ action: 'subscribeOrder' }),
      onFrame: (frame) => frames.push(frame),
      onConnected: (state) => states.push(state),
    },
    Socket,
  );
  return { connection, frames, states };
}

it('a connection that breaks is made again, and subscribes again', async () => {
  const { states } = start();
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeSocket.all[0]?.url).toBe('wss://ws.test/dev?token=a%2Bb');
  FakeSocket.all[0]?.open();
  FakeSocket.all[0]?.drop();
  await vi.advanceTimersByTimeAsync(500);
  FakeSocket.all[1]?.open();
  expect(FakeSocket.all.map(({ sent }) => sent)).toEqual([
    [{ action: 'subscribeOrder' }],
    [{ action: 'subscribeOrder' }],
  ]);
  expect(states).toEqual([true, false, true]);
});

it('attempts become rarer, up to two a minute', async () => {
  start();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.all.at(-1)?.drop();
    await vi.advanceTimersByTimeAsync(30_000);
  }
  const attempts = FakeSocket.all.length;
  FakeSocket.all.at(-1)?.drop();
  await vi.advanceTimersByTimeAsync(14_000);
  expect(FakeSocket.all).toHaveLength(attempts);
  await vi.advanceTimersByTimeAsync(16_001);
  expect(FakeSocket.all).toHaveLength(attempts + 1);
});

it('a closed connection stays closed', async () => {
  const { connection } = start();
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.all[0]?.open();
  connection.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(connection.send({})).toBe(false);
});

it('an expired token is renewed for the next connection', async () => {
  const { frames } = start();
  await vi.advanceTimersByTimeAsync(0);
  FakeSocket.all[0]?.open();
  FakeSocket.all[0]?.onmessage?.({ data: '{"type":"problem","status":401,"title":"","detail":""}' });
  FakeSocket.all[0]?.onmessage?.({ data: 'nonsense' });
  expect(tokens.renewedIdToken).toHaveBeenCalledOnce();
  expect(frames).toHaveLength(1);
});

it('nothing is sent while there is no connection', async () => {
  const { connection } = start();
  expect(connection.send({})).toBe(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(connection.send({})).toBe(false);
});
