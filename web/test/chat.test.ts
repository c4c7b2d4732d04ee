import { expect, it } from 'vitest';
import { chatReducer, EMPTY_CHAT, type ChatEvent, type ChatState } from '../src/shared/chat/messages.ts';
import type { ChatMessage } from '../src/shared/realtime.ts';

const reduce = chatReducer('CUSTOMER');
const line = (seq: number): ChatMessage => ({ seq, from: 'STAFF', text: `m${seq}`, at: '2026-01-31T12:00:00.000Z' });
const page = (seqs: number[], before?: number): ChatEvent => ({
  kind: 'frame',
  frame: { type: 'messages', customerId: 'c', items: seqs.map(line), ...(before !== undefined && { before }) },
});
const seqs = (state: ChatState) => state.messages.map(({ seq }) => seq);

it('messages are shown once, in the order of their numbers', () => {
  let state = reduce(EMPTY_CHAT, page([4, 5], 4));
  state = reduce(state, { kind: 'frame', frame: { type: 'message', customerId: 'c', ...line(6) } });
  state = reduce(state, { kind: 'frame', frame: { type: 'message', customerId: 'c', ...line(5) } });
  state = reduce(state, page([2, 3], 2));
  expect(seqs(state)).toEqual([2, 3, 4, 5, 6]);
  expect(state.before).toBe(2);
});

it('reading the end again, after a reconnection, keeps where older messages go on', () => {
  let state = reduce(EMPTY_CHAT, page([4, 5], 4));
  state = reduce(state, page([2, 3], 2));
  state = reduce(state, page([5, 6], 5));
  expect(state.before).toBe(2);
  state = reduce(state, page([1]));
  expect(state.before).toBeUndefined();
});

it('a sent message appears with the number that the shop gave it', () => {
  let state = reduce(EMPTY_CHAT, page([]));
  state = reduce(state, { kind: 'sending', text: 'hello' });
  state = reduce(state, {
    kind: 'frame',
    frame: { type: 'messageSent', customerId: 'c', seq: 1, at: '2026-01-31T12:00:00.000Z' },
  });
  expect(state.sending).toBeUndefined();
  expect(state.messages).toMatchObject([{ seq: 1, text: 'hello', from: 'CUSTOMER' }]);
});

it('a refused message says why, and a lost one says to look first', () => {
  const sending = reduce(EMPTY_CHAT, { kind: 'sending', text: '4111 1111 1111 1111' });
  const refused = reduce(sending, {
    kind: 'frame',
    frame: { type: 'problem', title: 't', status: 422, detail: 'no card numbers' },
  });
  expect(refused).toMatchObject({ sending: undefined, problem: 'no card numbers' });
  expect(reduce(sending, { kind: 'lost' }).problem).toContain('Check above');
  expect(reduce(refused, { kind: 'lost' })).toBe(refused);
});
