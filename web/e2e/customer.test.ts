import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addToBasket, fillIn, loaded, open, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { eventually, newCustomer, newProduct, newUserName, ordersOf, PASSWORD } from './shop.ts';

/** The local Cognito's code for every sign-up. */
const CONFIRMATION_CODE = '123456';

describe('a customer', () => {
  test('looks around, signs up, buys, and sees the order arrive', async (t) => {
    const category = `bells-${newUserName()}`;
    const product = await newProduct('Brass bell', 5, { category });
    const page = await visitor(t);
    await open(page, `/?category=${category}`);
    await page.getByRole('link', { name: product.name }).click();
    await page.getByRole('heading', { name: product.name }).waitFor();
    await press(page, 'Add to basket');
    await page.getByText('In your basket.').waitFor();

    const userName = newUserName();
    await open(page, '/sign-up?next=%2Fbasket');
    await fillIn(page, { 'User name': userName, 'E-mail': `${userName}@example.com`, Password: PASSWORD });
    await press(page, 'Create the account');
    await fillIn(page, { Code: CONFIRMATION_CODE });
    await press(page, 'Confirm');
    await page.getByRole('link', { name: 'Account' }).waitFor();

    // The guest's basket has come along.
    await open(page, '/basket');
    await page.getByRole('link', { name: product.name }).waitFor();
    await prepareCheckout(page);
    await press(page, PLACE_THE_ORDER);
    await page.waitForURL('**/orders/*');
    await waitForStep(page, 'Delivered');
    await open(page, '/orders');
    assert.equal(await page.getByRole('link', { name: product.name }).count(), 1);
    assert.deepEqual((await ordersOf(userName)).map(({ status }) => status), ['DELIVERED']);
    await open(page, '/basket');
    await page.getByText('Your basket is empty.').waitFor();
  });

  test('finds a product by its words, without accents and before the last one is complete', async (t) => {
    const product = await newProduct('Crème saddle', 1);
    const page = await visitor(t);
    // The index follows the catalogue.
    await eventually(`${product.name} in the results`, async () => {
      await open(page, '/');
      await page.getByRole('searchbox').fill(product.name.replace('è', 'e').toUpperCase().slice(0, -1));
      await page.getByRole('searchbox').press('Enter');
      await page.getByRole('heading', { name: 'Results for' }).waitFor();
      await loaded(page);
      return (await page.getByRole('link', { name: product.name }).count()) === 1 || undefined;
    });
    await page.getByRole('link', { name: product.name }).click();
    await page.getByRole('heading', { name: product.name }).waitFor();
  });

  test('stays signed in over a reload and in a second tab, and signs out of both', async (t) => {
    const page = await visitor(t);
    await signIn(page, await newCustomer());
    await open(page, '/orders');
    await page.getByText('You have no orders yet.').waitFor();
    const other = await page.context().newPage();
    await open(other, '/account');
    await press(other, 'Sign out');
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.reload();
    await loaded(page);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('whose card is declined pays nothing and reads why', async (t) => {
    const product = await newProduct('Cork grip', 2);
    const page = await visitor(t);
    await signIn(page, await newCustomer());
    await addToBasket(page, product.id);
    await prepareCheckout(page, 'tok_declined');
    await press(page, PLACE_THE_ORDER);
    await waitForStep(page, 'Not possible');
    await page.getByText('The payment was declined. You pay nothing.').waitFor();
  });
});
