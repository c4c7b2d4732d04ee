import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { dataOf, type Schemas } from '../../shared/api.ts';
import { isCancellable, isFinal } from '../../shared/orders/progress.ts';
import { OrderItems } from '../../shared/orders/items.tsx';
import { ApiError } from '../../shared/problem.ts';
import { useService, useShop } from '../../shared/shop.ts';
import { sentence } from '../../shared/text.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price, Time } from '../../shared/ui/values.tsx';
import { auditQuery, paymentQuery, shipmentQuery } from '../orders/parts.ts';
import { timeline } from '../orders/timeline.ts';
import { STAFF_ORDERS_KEY } from './orders.tsx';

const POLL_MS = 3_000;

interface Props {
  readonly customerId: string;
  readonly userName: string;
  readonly orderId: string;
}

/** Everything about one order: from ordering, payment, shipping and the audit. */
export function OrderPage({ customerId, userName, orderId }: Props) {
  const { api } = useShop();
  const params = { path: { userName, orderId }, query: { customerId } };
  const order = useQuery({
    queryKey: ['staff', 'order', orderId],
    queryFn: () => dataOf(api.GET('/order/{userName}/{orderId}', { params })),
    refetchInterval: ({ state }) => (state.data !== undefined && !isFinal(state.data.status) ? POLL_MS : false),
  });
  if (order.error instanceof ApiError && order.error.status === 404) {
    return (
      <Page title="Not found">
        <p>There is no such order.</p>
      </Page>
    );
  }
  return (
    <Page title="Order">
      <p>
        <Link href="/orders">All orders</Link>
      </p>
      {order.isPending && <Skeleton lines={6} label="Loading the order" />}
      {order.error !== null && <Failure error={order.error} onRetry={() => void order.refetch()} />}
      {order.data !== undefined && <Details order={order.data} />}
    </Page>
  );
}

function Details({ order }: { readonly order: Schemas['Order'] }) {
  const {
    api,
    config: { webSocketUrl },
  } = useShop();
  const [hasPayment, hasShipment, hasAudit, hasChat] = [
    useService('payment'),
    useService('shipping'),
    useService('audit'),
    useService('realtime'),
  ];
  const refetchInterval = isFinal(order.status) ? (false as const) : POLL_MS;
  const payment = useQuery({ ...paymentQuery(api, order.orderId), enabled: hasPayment, refetchInterval });
  const shipment = useQuery({ ...shipmentQuery(api, order.orderId), enabled: hasShipment, refetchInterval });
  const audit = useQuery({ ...auditQuery(api, order.orderId), enabled: hasAudit, refetchInterval });
  const failed = [payment, shipment, audit].find(({ error }) => error !== null);
  return (
    <>
      <p className="headline">
        <span className={`status status-${order.status.toLowerCase()}`}>{sentence(order.status)}</span>
        <Time at={order.orderDate} /> <span className="code small">{order.orderId}</span>
      </p>
      {failed !== undefined && <Failure error={failed.error} onRetry={() => void failed.refetch()} />}
      <div className="split">
        <div>
          <section aria-labelledby="items">
            <h2 id="items">Items</h2>
            <OrderItems order={order} productPath={(id) => `/products/${id}`} />
          </section>
          <section aria-labelledby="timeline">
            <h2 id="timeline">What happened</h2>
            <ol className="timeline">
              {timeline({ order, payment: payment.data, shipment: shipment.data, audit: audit.data }).map(
                ({ at, source, text }, index) => (
                  <li key={index} className={`moment moment-${source}`}>
                    <time dateTime={at} className="code small">
                      {at.slice(0, 10)} {at.slice(11, 23)}
                    </time>
                    <span className="tag">{source}</span> <span>{text}</span>
                  </li>
                ),
              )}
            </ol>
            <p className="small">Times in UTC.</p>
          </section>
        </div>
        <div className="stack">
          <section className="summary" aria-labelledby="customer">
            <h2 id="customer">Customer</h2>
            <address>
              <bdi>
                {order.firstName} {order.lastName}
              </bdi>
              <br />
              <bdi className="lines-kept">{order.address}</bdi>
              <br />
              <bdi>{order.email}</bdi>
            </address>
            <p className="small">
              <Link href={`/orders?${new URLSearchParams({ customer: order.userName })}`}>
                Orders of <bdi>{order.userName}</bdi>
              </Link>
            </p>
            {hasChat && webSocketUrl !== undefined && (
              <p className="small">
                <Link href={`/chats/${order.customerId}`}>Chat</Link>
              </p>
            )}
            <Cancel order={order} />
          </section>
          {hasPayment && <PaymentFacts payment={payment.data} method={order.paymentMethod} />}
          {hasShipment && <ShipmentFacts shipment={shipment.data} />}
        </div>
      </div>
    </>
  );
}

function PaymentFacts({
  payment,
  method,
}: {
  readonly payment: Schemas['Payment'] | null | undefined;
  readonly method: string;
}) {
  return (
    <section className="summary" aria-labelledby="payment">
      <h2 id="payment">Payment</h2>
      <dl className="facts">
        <dt>Method</dt>
        <dd>{sentence(method)}</dd>
        <dt>State</dt>
        <dd>{payment ? sentence(payment.state) : payment === null ? 'None yet' : '…'}</dd>
        {payment?.reason !== undefined && (
          <>
            <dt>Reason</dt>
            <dd>{sentence(payment.reason)}</dd>
          </>
        )}
        {payment?.amount !== undefined && payment.currency !== undefined && (
          <>
            <dt>Amount</dt>
            <dd>
              <Price amount={payment.amount} currency={payment.currency} />
            </dd>
          </>
        )}
        {payment?.refunded !== undefined && payment.currency !== undefined && (
          <>
            <dt>Refunded</dt>
            <dd>
              <Price amount={payment.refunded} currency={payment.currency} />
            </dd>
          </>
        )}
        {payment?.chargeId !== undefined && (
          <>
            <dt>Charge</dt>
            <dd className="code">{payment.chargeId}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function ShipmentFacts({ shipment }: { readonly shipment: Schemas['Shipment'] | null | undefined }) {
  return (
    <section className="summary" aria-labelledby="shipment">
      <h2 id="shipment">Shipment</h2>
      <dl className="facts">
        <dt>State</dt>
        <dd>{shipment ? sentence(shipment.state) : shipment === null ? 'None yet' : '…'}</dd>
        {shipment && (
          <>
            <dt>Units</dt>
            <dd>{shipment.units.reduce((units, { quantity }) => units + quantity, 0)}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Cancel({ order }: { readonly order: Schemas['Order'] }) {
  const { api } = useShop();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/order/{userName}/{orderId}/cancel', {
          params: {
            path: { userName: order.userName, orderId: order.orderId },
            query: { customerId: order.customerId },
          },
        }),
      ),
    onSuccess: () => announce('The order is being cancelled'),
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: STAFF_ORDERS_KEY });
      return queries.invalidateQueries({ queryKey: ['staff', 'order', order.orderId] });
    },
  });
  return (
    <>
      {order.cancelRequestedAt !== undefined && (
        <Notice>
          Cancellation requested <Time at={order.cancelRequestedAt} />.
        </Notice>
      )}
      {cancel.error !== null && <Failure error={cancel.error} />}
      {isCancellable(order) && (
        <Button kind="danger" onClick={() => setAsking(true)}>
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
          <p>The customer is paid back what they paid. This works until the parcel leaves.</p>
        </Dialog>
      )}
    </>
  );
}
