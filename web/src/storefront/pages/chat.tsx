import { Chat } from '../../shared/chat/chat.tsx';
import { Page } from '../../shared/ui/page.tsx';

export function ChatPage({ url }: { readonly url: string }) {
  return (
    <Page title="Chat with the shop" narrow>
      <p>Ask us anything. Please send no card numbers.</p>
      <Chat url={url} own="CUSTOMER" />
    </Page>
  );
}
