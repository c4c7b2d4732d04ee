import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Schemas } from '../../shared/api.ts';
import { itemsOf } from '../../shared/paging.ts';
import type { User } from '../../shared/session.ts';
import { useShop } from '../../shared/shop.ts';
import { ListEnd } from '../../shared/ui/list-end.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price, Time } from '../../shared/ui/values.tsx';
import { STATUS_LABELS } from '../../shared/orders/progress.ts';
import { ordersQuery } from '../orders/queries.ts';

export function OrdersPage({ user }: { readonly user: User }) {
  const { api } = useShop();
  const list = useInfiniteQuery(ordersQuery(api, user.userName));
  const orders = itemsOf(list.data?.pages ?? [], ({ orderId }) => orderId);
  return (
    <Page title="Orders">
      {list.isPending && <Skeleton lines={4} label="Loading your orders" />}
      {list.isSuccess && orders.length === 0 && (
        <p className="empty">
          You have no orders yet. <Link href="/">Look around</Link>
        </p>
      )}
      {orders.length > 0 && (
        <ul className="orders">
          {orders.map((order) => (
            <OrderRow key={order.orderId} order={order} />
          ))}
        </ul>
      )}
      <ListEnd list={list} />
    </Page>
  );
}

function OrderRow({ order }: { readonly order: Schemas['Order'] }) {
  const [first, ...others] = order.items;
  return (
    <li className="order-row">
      <div>
        <h2 className="line-name">
          <Link href={`/orders/${order.orderId}`}>
            <bdi>{first?.productName ?? 'Order'}</bdi>
            {others.length > 0 && ` and ${others.length} more`}
          </Link>
        </h2>
        <p className="small">
          <Time at={order.orderDate} />
        </p>
      </div>
      <span className={`status status-${order.status.toLowerCase()}`}>{STATUS_LABELS[order.status]}</span>
      <Price amount={order.totalPrice} currency={order.currency} />
    </li>
  );
}
