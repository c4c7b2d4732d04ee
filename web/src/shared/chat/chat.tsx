import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Button } from '../ui/button.tsx';
import { TextArea } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Time } from '../ui/values.tsx';
import { useChat } from './use-chat.ts';

interface Props {
  readonly url: string;
  readonly own: 'CUSTOMER' | 'STAFF';
  /** Whose chat it is; only for staff. */
  readonly customerId?: string;
}

export function Chat({ url, own, customerId }: Props) {
  const { state, isConnected, send, readOlder } = useChat(url, own, customerId);
  const [text, setText] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const newest = state.messages.at(-1)?.seq;
  useEffect(() => {
    const end = list.current?.parentElement;
    if (end !== null && end !== undefined) end.scrollTop = end.scrollHeight;
  }, [newest]);
  // The text stays in the field until it is stored.
  const wasSending = useRef(false);
  useEffect(() => {
    if (wasSending.current && state.sending === undefined && state.problem === undefined) setText('');
    wasSending.current = state.sending !== undefined;
  }, [state.sending, state.problem]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text.trim() !== '' && state.sending === undefined) send(text.trim());
  };
  const { before } = state;
  return (
    <div className="chat">
      <div className="chat-messages" role="log" aria-label="Messages" tabIndex={0}>
        {before !== undefined && (
          <Button kind="link" onClick={() => readOlder(before)}>
            Older messages
          </Button>
        )}
        {!state.isLoaded && <Skeleton label="Loading the messages" />}
        {state.isLoaded && state.messages.length === 0 && <p className="empty">No messages yet.</p>}
        <ol ref={list}>
          {state.messages.map((message) => (
            <li key={message.seq} className={message.from === own ? 'message message-own' : 'message'}>
              <span className="small">
                {message.from === 'STAFF' ? (
                  'The shop'
                ) : own === 'CUSTOMER' ? (
                  'You'
                ) : (
                  <bdi>{message.userName ?? 'Customer'}</bdi>
                )}{' '}
                · <Time at={message.at} />
              </span>
              <p className="lines-kept" dir="auto">
                {message.text}
              </p>
            </li>
          ))}
        </ol>
      </div>
      <form ref={form} className="form" onSubmit={submit}>
        <TextArea
          label="Your message"
          rows={2}
          maxLength={2000}
          required
          value={text}
          error={state.problem}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              form.current?.requestSubmit();
            }
          }}
        />
        <Button type="submit" busy={state.sending !== undefined || !isConnected}>
          Send
        </Button>
        {!isConnected && state.isLoaded && <Notice>Connecting again…</Notice>}
      </form>
    </div>
  );
}
