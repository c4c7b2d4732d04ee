import { describe, expect, it } from 'vitest';
import { createApi } from '../src/shared/api.ts';
import { ofGuest } from '../src/storefront/basket/basket-view.ts';
import { bringIn, stepsOf } from '../src/storefront/basket/bring-in.ts';
import { GuestBasket, keyOf, MAX_LINES } from '../src/storefront/basket/guest-basket.ts';
import { MemoryStorage } from './storage.ts';

const BIKE = '019c1431-2e60-7000-8000-000000000001';
const PUMP = '019c1431-2e60-7000-8000-000000000002';
const GONE = '019c1431-2e60-7000-8000-000000000003';

describe('a guest’s basket', () => {
  it('adds up the same product in the same colour, up to 99', () => {
    const basket = new GuestBasket(new MemoryStorage());
    basket.add({ productId: BIKE, quantity: 60 });
    basket.add({ productId: BIKE, quantity: 60 });
    basket.add({ productId: BIKE, quantity: 1, color: 'red' });
    expect(basket.lines()).toEqual([
      { productId: BIKE, quantity: 99 },
      { productId: BIKE, quantity: 1, color: 'red' },
    ]);
  });

  it('survives a reload', () => {
    const storage = new MemoryStorage();
    new GuestBasket(storage).add({ productId: BIKE, quantity: 2, price: '870.00' });
    expect(new GuestBasket(storage).lines()).toEqual([{ productId: BIKE, quantity: 2, price: '870.00' }]);
  });

  it('ignores what is no basket', () => {
    for (const text of [
      '{',
      '{}',
      'null',
      '[1]',
      '[{"productId":"../x","quantity":1}]',
      `[{"productId":"${BIKE}","quantity":100}]`,
      `[{"productId":"${BIKE}","quantity":1,"price":"<b>"}]`,
    ]) {
      const storage = new MemoryStorage();
      storage.setItem('ferrocart.basket', text);
      expect(new GuestBasket(storage).lines()).toEqual([]);
    }
  });

  it('has a limit of lines', () => {
    const basket = new GuestBasket(new MemoryStorage());
    for (let color = 0; color < MAX_LINES + 5; color += 1)
      basket.add({ productId: BIKE, quantity: 1, color: `c${color}` });
    expect(basket.lines()).toHaveLength(MAX_LINES);
  });

  it('leaves nothing behind when it is empty', () => {
    const storage = new MemoryStorage();
    const basket = new GuestBasket(storage);
    basket.add({ productId: BIKE, quantity: 1 });
    basket.remove(keyOf({ productId: BIKE }));
    expect(storage.items.size).toBe(0);
  });
});

describe('a guest’s basket with the catalogue’s prices', () => {
  const product = { name: 'Bike', category: 'c', currency: 'USD', version: 1, createdAt: '', updatedAt: '' } as const;

  it('shows changed prices, and does not count what is no longer sold', () => {
    const products = new Map([
      [BIKE, { ...product, id: BIKE, price: '870.10' as const }],
      [PUMP, { ...product, id: PUMP, price: '39.950' as const }],
      [GONE, null],
    ]);
    const view = ofGuest(
      [
        { productId: BIKE, quantity: 3, price: '870.00' },
        { productId: PUMP, quantity: 1, price: '39.95' },
        { productId: GONE, quantity: 5, price: '1.00' },
      ],
      products,
    );
    expect(view.lines.map(({ priceChanged, available }) => [priceChanged, available])).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect(view.subtotal).toBe('2650.25');
  });
});

/** An account's basket that may lose responses. */
class AccountBasket {
  readonly items = new Map<string, { itemId: string; productId: string; quantity: number }>();
  lose = 0;

  readonly fetch = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input as Request;
    const body = await request.text();
    const { productId, quantity } =
      body === '' ? ({} as never) : (JSON.parse(body) as { productId: string; quantity: number });
    const itemId = new URL(request.url).pathname.split('/items/')[1];
    if (productId === GONE)
      return new Response('{"type":"urn:problem-type:validation","detail":"no"}', { status: 422 });
    if (request.method === 'POST') {
      const present = this.items.get(productId);
      this.items.set(productId, { itemId: `i-${productId}`, productId, quantity: (present?.quantity ?? 0) + quantity });
    }
    if (request.method === 'PATCH') {
      for (const item of this.items.values()) if (item.itemId === itemId) item.quantity = quantity;
    }
    if (request.method !== 'GET' && this.lose-- > 0) throw new TypeError('Failed to fetch');
    return new Response(JSON.stringify({ items: [...this.items.values()] }));
  };
}

describe('bringing a guest’s basket in', () => {
  const api = (account: AccountBasket) =>
    createApi('https://api.test', { idToken: async () => 't', renewedIdToken: async () => 't' }, account.fetch);

  it('takes the larger quantity', () => {
    const item = { itemId: 'i', lineTotal: '1', price: '1', priceChanged: false, available: true } as const;
    const steps = stepsOf(
      [
        { productId: BIKE, quantity: 3 },
        { productId: PUMP, quantity: 1 },
        { productId: GONE, quantity: 2 },
        { productId: BIKE, quantity: 1, color: 'red' },
      ],
      [
        { ...item, productId: BIKE, quantity: 2 },
        { ...item, productId: PUMP, quantity: 5 },
      ],
    );
    expect(steps.map(({ kind }) => kind)).toEqual(['raise', 'keep', 'add', 'add']);
  });

  it('ends in the same basket, however many responses are lost', async () => {
    const account = new AccountBasket();
    account.items.set(PUMP, { itemId: `i-${PUMP}`, productId: PUMP, quantity: 1 });
    account.lose = 2;
    const guest = new GuestBasket(new MemoryStorage());
    guest.add({ productId: BIKE, quantity: 2 });
    guest.add({ productId: PUMP, quantity: 4 });
    await expect(bringIn(api(account), 'grace', guest)).rejects.toThrow(TypeError);
    await expect(bringIn(api(account), 'grace', guest)).rejects.toThrow(TypeError);
    expect(await bringIn(api(account), 'grace', guest)).toBe(0);
    expect([...account.items.values()].map(({ quantity }) => quantity)).toEqual([4, 2]);
    expect(guest.lines()).toEqual([]);
  });

  it('drops what the account cannot have, and says how much', async () => {
    const guest = new GuestBasket(new MemoryStorage());
    guest.add({ productId: GONE, quantity: 1 });
    guest.add({ productId: BIKE, quantity: 1 });
    const account = new AccountBasket();
    expect(await bringIn(api(account), 'grace', guest)).toBe(1);
    expect([...account.items.keys()]).toEqual([BIKE]);
    expect(guest.lines()).toEqual([]);
  });
});
