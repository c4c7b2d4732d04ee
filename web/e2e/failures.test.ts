import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { addToBasket, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { eventually, hasUnread, newCustomer, newProduct, ordersOf, processesOf } from './shop.ts';

const isCheckout = (request: Request) => request.method() === 'POST' && request.url().endsWith('/basket/checkout');

/** A customer at the checkout, and their user name. */
async function atTheCheckout(t: TestContext): Promise<{ readonly page: Page; readonly userName: string; readonly keys: string[] }> {
  const [product, customer] = [await newProduct('Spare spoke', 3), await newCustomer()];
  const page = await visitor(t);
  await signIn(page, customer);
  await addToBasket(page, product.id);
  await prepareCheckout(page);
  const keys: string[] = [];
  page.on('request', (request) => {
    if (isCheckout(request)) keys.push(request.headers()['idempotency-key']!);
  });
  return { page, userName: customer.userName, keys };
}

describe('a checkout', () => {
  test('whose function is killed in the middle is repeated, and is one order', { skip: process.platform !== 'linux' }, async (t) => {
    const { page, userName, keys } = await atTheCheckout(t);
    const processes = processesOf('basket-api');
    assert.ok(processes.length > 0);
    for (const id of processes) process.kill(Number(id), 'SIGSTOP');
    await press(page, PLACE_THE_ORDER);
    await eventually('the request at the function', async () => processes.some(hasUnread) || undefined);
    for (const id of processes) process.kill(Number(id), 'SIGKILL');
    await waitForStep(page, 'Delivered');
    assert.ok(keys.length >= 2, `${keys.length} attempts`);
    assert.equal(new Set(keys).size, 1, 'with one key');
    assert.equal((await ordersOf(userName)).length, 1);
  });

  test('without a connection goes on when it is back, and is one order', async (t) => {
    const { page, userName, keys } = await atTheCheckout(t);
    await page.context().setOffline(true);
    await press(page, PLACE_THE_ORDER);
    await page.getByText('Trying again: it stays one order.').waitFor();
    await page.context().setOffline(false);
    await waitForStep(page, 'Delivered');
    assert.equal(new Set(keys).size, 1);
    assert.equal((await ordersOf(userName)).length, 1);
  });
});
