/** The state of one chat. Messages may come twice and in any order; their numbers say where they belong. */
import type { ChatMessage, Frame } from '../realtime.ts';

export interface ChatState {
  readonly messages: readonly ChatMessage[];
  /** Where older messages go on, if there are any. */
  readonly before: number | undefined;
  readonly isLoaded: boolean;
  /** A message without an answer yet: one at a time, because answers do not say which message they are about. */
  readonly sending: string | undefined;
  readonly problem: string | undefined;
}

export const EMPTY_CHAT: ChatState = {
  messages: [],
  before: undefined,
  isLoaded: false,
  sending: undefined,
  problem: undefined,
};

export type ChatEvent =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'sending'; readonly text: string }
  /** The connection broke, or nothing was answered. */
  | { readonly kind: 'lost' };

/** @param own how this side's messages are marked. */
export function chatReducer(own: ChatMessage['from']) {
  return (state: ChatState, event: ChatEvent): ChatState => {
    switch (event.kind) {
      case 'sending':
        return { ...state, sending: event.text, problem: undefined };
      case 'lost':
        if (state.sending === undefined) return state;
        return {
          ...state,
          sending: undefined,
          problem: 'There was no answer. Check above whether your message arrived before you send it again.',
        };
      case 'frame':
        return withFrame(state, event.frame, own);
    }
  };
}

function withFrame(state: ChatState, frame: Frame, own: ChatMessage['from']): ChatState {
  switch (frame.type) {
    case 'messages': {
      const oldest = frame.items[0]?.seq ?? Infinity;
      // A page at the end, after a reconnection, does not change where older ones go on.
      const isOlder = !state.isLoaded || oldest < (state.messages[0]?.seq ?? Infinity);
      return {
        ...state,
        isLoaded: true,
        messages: merged(state.messages, frame.items),
        before: isOlder ? frame.before : state.before,
      };
    }
    case 'message':
      return { ...state, messages: merged(state.messages, [frame]) };
    case 'messageSent': {
      if (state.sending === undefined) return state;
      const message: ChatMessage = { seq: frame.seq, at: frame.at, from: own, text: state.sending };
      return { ...state, sending: undefined, messages: merged(state.messages, [message]) };
    }
    case 'problem':
      return { ...state, sending: undefined, problem: frame.detail };
    default:
      return state;
  }
}

function merged(messages: readonly ChatMessage[], more: readonly ChatMessage[]): readonly ChatMessage[] {
  const bySeq = new Map([...messages, ...more].map((message) => [message.seq, message]));
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}
