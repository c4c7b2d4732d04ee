/** Follows an order through the WebSocket API, and where that is not possible by asking. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Schemas } from '../../shared/api.ts';
import { connect } from '../../shared/realtime.ts';
import { useShop } from '../../shared/shop.ts';
import { withStatus } from '../../shared/orders/progress.ts';
import { ORDERS_KEY, orderKey } from './queries.ts';

/** Returns whether changes arrive by themselves. */
export function useLiveOrder(orderId: string, follow: boolean): boolean {
  const {
    config: { webSocketUrl },
    session,
  } = useShop();
  const queries = useQueryClient();
  const [isSubscribed, setSubscribed] = useState(false);
  useEffect(() => {
    if (!follow || webSocketUrl === undefined) return undefined;
    const connection = connect(webSocketUrl, session, {
      onOpen: (send) => send({ action: 'subscribeOrder', orderId }),
      onConnected: (connected) => {
        if (!connected) setSubscribed(false);
      },
      onFrame: (frame) => {
        if ((frame.type !== 'subscribed' && frame.type !== 'orderStatus') || frame.orderId !== orderId) return;
        if (frame.type === 'subscribed') setSubscribed(true);
        queries.setQueryData<Schemas['Order']>(orderKey(orderId), (order) => order && withStatus(order, frame));
        if (frame.type === 'orderStatus') void queries.invalidateQueries({ queryKey: ORDERS_KEY });
      },
    });
    return () => {
      connection.close();
      setSubscribed(false);
    };
  }, [follow, orderId, queries, session, webSocketUrl]);
  return isSubscribed;
}
