import { expect, it } from 'vitest';
import type { Schemas } from '../src/shared/api.ts';
import type { Frame } from '../src/shared/realtime.ts';
import { withMessage } from '../src/back-office/chats/inbox.ts';
import { timeline } from '../src/back-office/orders/timeline.ts';
import { differences, EMPTY_PRODUCT, toDetails } from '../src/back-office/products/form.ts';

it('a price is sent as it was typed, and nothing else is a price', () => {
  expect(toDetails({ ...EMPTY_PRODUCT, name: 'n', category: 'c', price: '1250,40' })).toMatchObject({
    price: '1250.40',
  });
  for (const price of ['', 'free', '1.2.3', '-1', '1e3'])
    expect(toDetails({ ...EMPTY_PRODUCT, price })).toHaveProperty('priceError');
});

it('a conflict shows the fields that differ', () => {
  const mine = { ...EMPTY_PRODUCT, name: 'Bike', price: '10.00', description: 'a ' };
  expect(differences(mine, { ...mine, description: 'a', price: '12.00' })).toEqual(['price']);
});

it('a timeline has the moments of all services in their order', () => {
  const at = (second: number) => `2026-01-31T12:00:0${second}.000Z`;
  const moments = timeline({
    order: {
      history: [
        { status: 'PENDING', at: at(0) },
        { status: 'REJECTED', at: at(4), reason: 'PAYMENT_DECLINED' },
      ],
    } as unknown as Schemas['Order'],
    payment: {
      history: [
        { state: 'PENDING', at: at(2) },
        { state: 'DECLINED', at: at(3) },
      ],
    } as Schemas['Payment'],
    shipment: null,
    audit: [{ type: 'OrderPlaced', occurredAt: at(1) }] as Schemas['AuditEntry'][],
  });
  expect(moments.map(({ source, text }) => `${source} ${text}`)).toEqual([
    'order Pending',
    'audit OrderPlaced',
    'payment Pending',
    'payment Declined',
    'order Rejected: payment declined',
  ]);
});

it('the inbox has one row a customer, the newest first', () => {
  const message = (customerId: string, seq: number): Frame => ({
    type: 'message',
    customerId,
    seq,
    from: 'CUSTOMER',
    userName: `u-${customerId}`,
    text: `m${seq}`,
    at: '',
  });
  let chats = withMessage([], message('a', 1));
  chats = withMessage(chats, message('b', 1));
  chats = withMessage(chats, message('a', 2));
  chats = withMessage(chats, message('a', 1));
  expect(chats.map(({ customerId, last }) => `${customerId}${last.seq}`)).toEqual(['a2', 'b1']);
});
