import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { addToBasket, fillIn, open, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { newCustomer, newProduct, newUserName, STAFF } from './shop.ts';

describe('staff', () => {
  test('create a product, receive stock, change its price, and customers see it', async (t) => {
    const page = await visitor(t);
    await signIn(page, STAFF, '/back-office/products/new');
    const name = `Copper pump ${newUserName()}`;
    await fillIn(page, { Name: name, Category: 'tools', Price: '39.95' });
    await press(page, 'Create');
    await page.getByText('No unit was ever received.').waitFor();
    const id = page.url().split('/').at(-1)!;
    await fillIn(page, { 'Received units': '7' });
    await press(page, 'Add to the stock');
    await page.getByText('For sale').waitFor();
    await fillIn(page, { Price: '44.10' });
    await press(page, 'Save');
    await page.getByText('Saved.').waitFor();

    const customer = await visitor(t);
    await open(customer, `/product/${id}`);
    await customer.getByText('44.10').waitFor();
  });

  test('see who changed a product in the meantime, and lose nothing', async (t) => {
    const product = await newProduct('Contested chain', 1);
    const pages = [await visitor(t), await visitor(t)];
    for (const page of pages) await signIn(page, STAFF, `/back-office/products/${product.id}`);
    const [first, second] = pages as [Page, Page];
    for (const page of pages) await page.getByLabel('Price').waitFor();
    await fillIn(first, { Price: '20.00' });
    await press(first, 'Save');
    await first.getByText('Saved.').waitFor();
    await fillIn(second, { Price: '21.00' });
    await press(second, 'Save');
    await second.getByText('20.00').first().waitFor();
    await open(first, `/product/${product.id}`);
    await first.getByText('20.00').waitFor();
  });

  test('follow a customer\'s order through payment and shipping', async (t) => {
    const [product, customer] = [await newProduct('Followed fork', 2), await newCustomer()];
    const buyer = await visitor(t);
    await signIn(buyer, customer);
    await addToBasket(buyer, product.id);
    await prepareCheckout(buyer);
    await press(buyer, PLACE_THE_ORDER);
    await waitForStep(buyer, 'Delivered');

    const page = await visitor(t);
    await signIn(page, STAFF, `/back-office/orders?customer=${customer.userName}`);
    await page.getByRole('region', { name: 'Orders' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Payment' }).waitFor();
    await page.getByRole('heading', { name: 'Shipment' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'OrderDelivered' }).waitFor();
  });

  test('are the only ones in the back office', async (t) => {
    const page = await visitor(t);
    await signIn(page, await newCustomer(), '/back-office/products');
    assert.equal(await page.getByRole('link', { name: 'New product' }).count(), 0);
    assert.equal(await page.getByRole('navigation', { name: 'Back office' }).count(), 0);
  });
});
