import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { dataOf, type Schemas } from '../../shared/api.ts';
import { STATUS_LABELS, type Status } from '../../shared/orders/progress.ts';
import { itemsOf, nextCursor } from '../../shared/paging.ts';
import { ApiError } from '../../shared/problem.ts';
import { useShop } from '../../shared/shop.ts';
import { sentence } from '../../shared/text.ts';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { ListEnd } from '../../shared/ui/list-end.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price, Time } from '../../shared/ui/values.tsx';

export const STAFF_ORDERS_KEY = ['staff', 'orders'] as const;
const STATUSES = Object.keys(STATUS_LABELS) as Status[];

/** All orders, those of a status, or those of a customer. */
export function OrdersPage() {
  const { api } = useShop();
  const [search] = useSearchParams();
  const customer = search.get('customer') || undefined;
  const status = STATUSES.find((known) => known === search.get('status'));
  const list = useInfiniteQuery({
    queryKey: [...STAFF_ORDERS_KEY, status, customer],
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    queryFn: ({ pageParam }) => {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam };
      return dataOf(
        customer === undefined
          ? api.GET('/order', { params: { query: { ...cursor, ...(status !== undefined && { status }) } } })
          : api.GET('/order/{userName}', { params: { path: { userName: customer }, query: cursor } }),
      );
    },
  });
  const orders = itemsOf(list.data?.pages ?? [], ({ orderId }) => orderId);
  const isUnknown = list.error instanceof ApiError && list.error.status === 404;
  return (
    <Page title="Orders">
      <Filter key={search.toString()} status={status} customer={customer} />
      {list.isPending && <Skeleton lines={6} label="Loading the orders" />}
      {(list.isSuccess || isUnknown) && orders.length === 0 && !list.hasNextPage && (
        <p className="empty">There are no such orders.</p>
      )}
      {orders.length > 0 && <OrderTable orders={orders} />}
      <ListEnd list={list} isExplained={isUnknown} />
    </Page>
  );
}

function Filter({ status, customer }: { readonly status: Status | undefined; readonly customer: string | undefined }) {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState(customer ?? '');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    navigate(typed.trim() === '' ? '/orders' : `/orders?${new URLSearchParams({ customer: typed.trim() })}`);
  };
  return (
    <form className="filter" role="search" onSubmit={submit}>
      <SelectField
        label="Status"
        value={status ?? ''}
        onChange={({ target }) =>
          navigate(target.value === '' ? '/orders' : `/orders?${new URLSearchParams({ status: target.value })}`)
        }
      >
        <option value="">All, in no order</option>
        {STATUSES.map((one) => (
          <option key={one} value={one}>
            {sentence(one)}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Customer’s user name"
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
      <Button type="submit" kind="plain">
        Find
      </Button>
    </form>
  );
}

function OrderTable({ orders }: { readonly orders: readonly Schemas['Order'][] }) {
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label="Orders">
      <table>
        <thead>
          <tr>
            <th scope="col">Placed</th>
            <th scope="col">Customer</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">
              Units
            </th>
            <th scope="col" className="number">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.orderId}>
              <th scope="row">
                <Link href={`/orders/${order.customerId}/${order.userName}/${order.orderId}`}>
                  <Time at={order.orderDate} />
                </Link>
              </th>
              <td>
                <bdi>{order.userName}</bdi>
              </td>
              <td>
                <span className={`status status-${order.status.toLowerCase()}`}>{sentence(order.status)}</span>
              </td>
              <td className="number">{order.items.reduce((units, { quantity }) => units + quantity, 0)}</td>
              <td className="number">
                <Price amount={order.totalPrice} currency={order.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
