import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { addToBasket, loaded, open, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { newCustomer, newProduct, SHOP, STAFF, variable } from './shop.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const WIDTHS = { narrow: { width: 390, height: 844 }, wide: { width: 1280, height: 900 } } as const;
const THEMES = ['light', 'dark'] as const;

const SCREENSHOTS = variable('FERROCART_SCREENSHOTS');

/** Violations of WCAG 2.2 A and AA, in words. The debugger runs the script, so the page's policy need not allow it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** Takes a picture of the open page in each width and theme, and looks for violations in all that differ. */
async function inspect(page: Page, name: string): Promise<void> {
  const found: string[] = [];
  for (const [width, size] of Object.entries(WIDTHS)) {
    await page.setViewportSize(size);
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}-${theme}.png`), fullPage: true });
      // Colours differ by theme, and the arrangement by width.
      const isOther = (width === 'narrow') === (theme === 'dark');
      if (isOther) found.push(...(await violations(page)).map((violation) => `${width} ${theme}: ${violation}`));
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px too wide at ${size.width} px`);
  }
  assert.deepEqual(found, []);
}

test('each page of the shop is accessible', async (t) => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const details = { category: 'bikes', imageFile: 'kanal-city.svg', description: 'Belt drive, hub gears.' };
  const product = await newProduct('Kanal city bike', 9, details);
  const page = await visitor(t);
  await addToBasket(page, product.id);
  const look = (name: string, path: string) => t.test(name, async () => {
    await open(page, path);
    await inspect(page, name);
  });
  await look('shop-catalogue', '/');
  await look('shop-category', '/?category=bikes');
  await look('shop-search', '/search?q=kanal');
  await look('shop-product', `/product/${product.id}`);
  await look('shop-basket', '/basket');
  await look('shop-sign-up', '/sign-up');
  await look('shop-sign-in', '/sign-in');
  await look('shop-forgotten-password', '/forgotten-password');
  await look('shop-erased', '/erased');
  await look('shop-missing', '/nowhere');

  await signIn(page, await newCustomer());
  await look('shop-account', '/account');
  await look('shop-orders-empty', '/orders');
  await look('shop-chat', '/chat');
  await t.test('shop-checkout', async () => {
    await prepareCheckout(page);
    await inspect(page, 'shop-checkout');
  });
  await t.test('shop-order', async () => {
    await press(page, PLACE_THE_ORDER);
    await waitForStep(page, 'Delivered');
    await inspect(page, 'shop-order');
  });
  await look('shop-orders', '/orders');
});

test('each page of the back office is accessible', async (t) => {
  const customer = await newCustomer();
  const product = await newProduct('Kanal city bike', 9, { category: 'bikes' });
  const buyer = await visitor(t);
  await signIn(buyer, customer);
  await addToBasket(buyer, product.id);
  await prepareCheckout(buyer);
  await press(buyer, PLACE_THE_ORDER);

  const page = await visitor(t);
  const look = (name: string, path: string) => t.test(name, async () => {
    await open(page, `/back-office${path}`);
    await inspect(page, name);
  });
  await look('office-sign-in', '/');
  await signIn(page, STAFF, '/back-office/orders');
  await look('office-orders', '/orders');
  await look('office-products', '/products');
  await look('office-product', `/products/${product.id}`);
  await look('office-new-product', '/products/new');
  await look('office-chats', '/chats');
  await look('office-missing', '/nowhere');
  await waitForStep(buyer, 'Delivered');
  await t.test('office-order', async () => {
    await open(page, `/back-office/orders?customer=${customer.userName}`);
    await page.getByRole('region', { name: 'Orders' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    await loaded(page);
    await inspect(page, 'office-order');
  });
});

test('files are served, missing ones are not found, and every other path is a page', async (t) => {
  const page = await visitor(t);
  for (const [path, status] of [
    ['/pictures/kanal-city.svg', 200], ['/pictures/none.svg', 404], ['/assets/none.js', 404], ['/none.txt', 404], ['/orders/1', 200],
  ] as const) {
    const response = await page.goto(`${SHOP.siteUrl}${path}`);
    assert.equal(response?.status(), status, path);
  }
});
