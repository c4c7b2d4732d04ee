import { useEffect, useReducer, useState, type SubmitEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { Chat } from '../../shared/chat/chat.tsx';
import { connect } from '../../shared/realtime.ts';
import { useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Time } from '../../shared/ui/values.tsx';
import { withMessage } from '../chats/inbox.ts';

/** New messages of all customers, and any customer's chat by their id. */
export function ChatsPage({ url }: { readonly url: string }) {
  const { session } = useShop();
  const [, navigate] = useLocation();
  const [chats, receive] = useReducer(withMessage, []);
  const [isConnected, setConnected] = useState(false);
  const [typed, setTyped] = useState('');
  useEffect(() => {
    const connection = connect(url, session, {
      onOpen: () => undefined,
      onConnected: setConnected,
      onFrame: (frame) => {
        receive(frame);
        if (frame.type === 'message') announce(`New message of ${frame.userName ?? 'the shop'}`);
      },
    });
    return () => connection.close();
  }, [session, url]);

  const open = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(`/chats/${encodeURIComponent(typed.trim())}`);
  };
  return (
    <Page title="Chats">
      <form className="filter" role="search" onSubmit={open}>
        <TextField
          label="Customer’s id"
          hint="Or open a chat from an order."
          spellCheck={false}
          required
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
        <Button type="submit" kind="plain">
          Open
        </Button>
      </form>
      {chats.length === 0 && (
        <Notice>{isConnected ? 'New messages appear here while this page is open.' : 'Connecting…'}</Notice>
      )}
      <ul className="plain">
        {chats.map(({ customerId, userName, last }) => (
          <li key={customerId} className="inbox">
            <Link href={`/chats/${customerId}`}>
              <bdi>{userName ?? customerId}</bdi>
            </Link>
            <span className="small">
              <Time at={last.at} />
            </span>
            <p dir="auto">{last.text}</p>
          </li>
        ))}
      </ul>
    </Page>
  );
}

export function ChatPage({ url, customerId }: { readonly url: string; readonly customerId: string }) {
  return (
    <Page title="Chat" narrow>
      <p>
        <Link href="/chats">All chats</Link> · <span className="code small">{customerId}</span>
      </p>
      <Chat url={url} own="STAFF" customerId={customerId} />
    </Page>
  );
}
