import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { dataOf, type Schemas } from '../../shared/api.ts';
import { OrderItems } from '../../shared/orders/items.tsx';
import { ApiError, isTransient } from '../../shared/problem.ts';
import type { User } from '../../shared/session.ts';
import { useService, useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Time } from '../../shared/ui/values.tsx';
import { isCancellable, isFinal, isRecent, REASON_LABELS, STATUS_LABELS, STEPS } from '../../shared/orders/progress.ts';
import { ORDERS_KEY, orderQuery } from '../orders/queries.ts';
import { useLiveOrder } from '../orders/use-live-order.ts';
import { MissingPage } from './missing.tsx';

const POLL_MS = 3_000;
/** A new order appears a moment after its checkout. */
const MAX_ATTEMPTS = 20;

export function OrderPage({ user, orderId }: { readonly user: User; readonly orderId: string }) {
  const { api } = useShop();
  const canFulfil = useService('fulfilment');
  const query = orderQuery(api, user.userName, orderId);
  const isComing = (error: unknown): boolean => error instanceof ApiError && error.status === 404 && isRecent(orderId);
  const isOpen = (order: Schemas['Order'] | undefined): boolean =>
    order !== undefined && !isFinal(order.status) && (canFulfil || order.cancelRequestedAt !== undefined);

  const [isLive, setLive] = useState(false);
  const {
    data: order,
    error,
    refetch,
  } = useQuery({
    ...query,
    retry: (failures, failure) =>
      failures < (isComing(failure) ? MAX_ATTEMPTS : 3) && (isComing(failure) || isTransient(failure)),
    retryDelay: (failures) => Math.min(400 * 1.5 ** failures, POLL_MS),
    refetchInterval: ({ state }) => (isOpen(state.data) && !isLive ? POLL_MS : false),
  });
  const subscribed = useLiveOrder(orderId, isOpen(order));
  useEffect(() => setLive(subscribed), [subscribed]);

  const status = order?.status;
  useEffect(() => {
    if (status !== undefined) announce(`Order status: ${STATUS_LABELS[status]}`);
  }, [status]);

  if (error instanceof ApiError && error.status === 404 && !isRecent(orderId)) return <MissingPage what="This order" />;
  return (
    <Page title="Your order">
      {error !== null && order === undefined && <Failure error={error} onRetry={() => void refetch()} />}
      {order === undefined && error === null && (
        <>
          <Notice>{isRecent(orderId) ? 'Thank you. Your order is being written down…' : 'Loading your order…'}</Notice>
          <Skeleton lines={5} />
        </>
      )}
      {order !== undefined && <Details user={user} order={order} isLive={subscribed} />}
    </Page>
  );
}

function Details({
  user,
  order,
  isLive,
}: {
  readonly user: User;
  readonly order: Schemas['Order'];
  readonly isLive: boolean;
}) {
  return (
    <>
      <p className="small">
        <Time at={order.orderDate} /> · <span className="code">{order.orderId}</span>
        {isLive && <span className="live"> Updates by itself</span>}
      </p>
      <Progress order={order} />
      <div className="split">
        <section aria-labelledby="order-items">
          <h2 id="order-items">What you ordered</h2>
          <OrderItems order={order} productPath={(id) => `/product/${id}`} />
        </section>
        <aside className="summary" aria-label="Delivery">
          <h2>Where it goes</h2>
          <address>
            <bdi>
              {order.firstName} {order.lastName}
            </bdi>
            <br />
            <bdi className="lines-kept">{order.address}</bdi>
          </address>
          <Cancel user={user} order={order} />
        </aside>
      </div>
    </>
  );
}

function Progress({ order }: { readonly order: Schemas['Order'] }) {
  const failed = order.status === 'REJECTED' || order.status === 'CANCELLED';
  const reason = order.history.findLast((change) => change.reason !== undefined)?.reason;
  const reached = new Map(order.history.map((change) => [change.status, change.at]));
  const steps = failed ? STEPS.filter(({ status }) => reached.has(status)) : STEPS;
  return (
    <>
      <ol className={failed ? 'steps steps-failed' : 'steps'}>
        {steps.map(({ status, label }) => {
          const at = reached.get(status);
          return (
            <li
              key={status}
              className={at === undefined ? 'step' : 'step step-done'}
              aria-current={status === order.status ? 'step' : undefined}
            >
              <span className="step-label">{label}</span>
              {at !== undefined && (
                <span className="small">
                  <Time at={at} />
                </span>
              )}
              {at === undefined && <span className="hidden">not yet</span>}
            </li>
          );
        })}
        {failed && (
          <li className="step step-bad" aria-current="step">
            <span className="step-label">{STATUS_LABELS[order.status]}</span>
            <span className="small">
              <Time at={reached.get(order.status) ?? order.orderDate} />
            </span>
          </li>
        )}
      </ol>
      {failed && reason !== undefined && (
        <Notice tone={reason === 'CUSTOMER_REQUEST' ? 'info' : 'bad'}>{REASON_LABELS[reason]} You pay nothing.</Notice>
      )}
      {!failed && order.cancelRequestedAt !== undefined && !isFinal(order.status) && (
        <Notice>You asked to cancel this order. The shop is working on it.</Notice>
      )}
    </>
  );
}

function Cancel({ user, order }: { readonly user: User; readonly order: Schemas['Order'] }) {
  const { api } = useShop();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/order/{userName}/{orderId}/cancel', {
          params: { path: { userName: user.userName, orderId: order.orderId } },
        }),
      ),
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ORDERS_KEY });
      return queries.invalidateQueries({ queryKey: orderQuery(api, user.userName, order.orderId).queryKey });
    },
  });
  return (
    <>
      {cancel.error !== null && <Failure error={cancel.error} />}
      {isCancellable(order) && (
        <Button kind="plain" onClick={() => setAsking(true)}>
          Cancel the order
        </Button>
      )}
      {isAsking && (
        <Dialog
          title="Cancel this order?"
          confirm="Cancel the order"
          danger
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>What was paid is paid back. This works until the parcel leaves.</p>
        </Dialog>
      )}
    </>
  );
}
