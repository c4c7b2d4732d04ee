import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToBasket, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { newCustomer, newProduct, stockOf } from './shop.ts';

test('the last unit is sold once to two browsers that check out at the same moment', async (t) => {
  const product = await newProduct('Last lantern', 1);
  const pages = await Promise.all([0, 1].map(async () => {
    const page = await visitor(t);
    await signIn(page, await newCustomer());
    await addToBasket(page, product.id);
    await prepareCheckout(page);
    return page;
  }));
  await Promise.all(pages.map((page) => press(page, PLACE_THE_ORDER)));
  const ends = await Promise.all(pages.map((page) => Promise.any(['Delivered', 'Not possible'].map(async (label) => {
    await waitForStep(page, label);
    return label;
  }))));
  assert.deepEqual(ends.sort(), ['Delivered', 'Not possible']);
  const loser = (await Promise.all(pages.map((page) => page.getByText('Something was out of stock.').count()))).filter((count) => count > 0);
  assert.equal(loser.length, 1);
  const { onHand, reserved } = await stockOf(product);
  assert.deepEqual({ onHand, reserved }, { onHand: 0, reserved: 0 });
});
