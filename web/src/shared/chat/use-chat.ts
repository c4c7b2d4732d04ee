/** A chat over the WebSocket API: the customer's own, or for staff that of a customer. */
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { connect, type Connection } from '../realtime.ts';
import { useShop } from '../shop.ts';
import { chatReducer, EMPTY_CHAT } from './messages.ts';

/** After that an answer is not expected any more. */
const ANSWER_MS = 15_000;

export function useChat(url: string, own: 'CUSTOMER' | 'STAFF', customerId?: string) {
  const { session } = useShop();
  const [state, dispatch] = useReducer(chatReducer(own), EMPTY_CHAT);
  const [isConnected, setConnected] = useState(false);
  const connection = useRef<Connection>(undefined);

  useEffect(() => {
    const of = customerId === undefined ? {} : { customerId };
    const current = connect(url, session, {
      // Also after a reconnection: what came meanwhile is there then.
      onOpen: (send) => send({ action: 'readMessages', ...of }),
      onConnected: (connected) => {
        setConnected(connected);
        if (!connected) dispatch({ kind: 'lost' });
      },
      onFrame: (frame) => {
        if ('customerId' in frame && customerId !== undefined && frame.customerId !== customerId) return;
        dispatch({ kind: 'frame', frame });
      },
    });
    connection.current = current;
    return () => current.close();
  }, [customerId, session, url]);

  const { sending } = state;
  useEffect(() => {
    if (sending === undefined) return undefined;
    const timer = setTimeout(() => dispatch({ kind: 'lost' }), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [sending]);

  const send = useCallback(
    (text: string): boolean => {
      const sent =
        connection.current?.send({ action: 'sendMessage', text, ...(customerId !== undefined && { customerId }) }) ===
        true;
      if (sent) dispatch({ kind: 'sending', text });
      return sent;
    },
    [customerId],
  );
  const readOlder = useCallback(
    (before: number) => {
      connection.current?.send({ action: 'readMessages', before, ...(customerId !== undefined && { customerId }) });
    },
    [customerId],
  );
  return { state, isConnected, send, readOlder };
}
