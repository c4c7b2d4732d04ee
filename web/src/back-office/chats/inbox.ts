/** The chats whose messages arrived while the page was open: the API has no list of chats. */
import type { ChatMessage, Frame } from '../../shared/realtime.ts';

export interface InboxChat {
  readonly customerId: string;
  readonly userName: string | undefined;
  readonly last: ChatMessage;
}

/** The chat with the newest message is first. */
export function withMessage(chats: readonly InboxChat[], frame: Frame): readonly InboxChat[] {
  if (frame.type !== 'message') return chats;
  const { customerId } = frame;
  const known = chats.find((chat) => chat.customerId === customerId);
  if (known !== undefined && known.last.seq >= frame.seq) return chats;
  const chat = { customerId, userName: frame.userName ?? known?.userName, last: frame };
  return [chat, ...chats.filter((other) => other.customerId !== customerId)];
}
