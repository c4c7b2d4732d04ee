import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { addToBasket, leave, loaded, open, PLACE_THE_ORDER, prepareCheckout, press, signIn, visitor, waitForStep } from './browser.ts';
import { newCustomer, newProduct, SHOP, STAFF, variable, type Product } from './shop.ts';

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

before(() => { mkdirSync(SCREENSHOTS, { recursive: true }); });

describe('each page of the shop is accessible', () => {
  let page: Page;
  let product: Product;
  before(async () => {
    product = await newProduct('Kanal city bike', 9, { category: 'bikes', imageFile: 'kanal-city.svg', description: 'Belt drive, hub gears.' });
    page = await visitor();
    await addToBasket(page, product.id);
  });
  after(leave);

  const PAGES: Readonly<Record<string, () => string>> = {
    'shop-catalogue': () => '/',
    'shop-category': () => '/?category=bikes',
    'shop-product': () => `/product/${product.id}`,
    'shop-basket': () => '/basket',
    'shop-sign-in': () => '/sign-in',
    'shop-sign-up': () => '/sign-up',
    'shop-forgotten-password': () => '/forgotten-password',
    'shop-erased': () => '/erased',
    'shop-missing': () => '/nowhere',
  };
  for (const [name, path] of Object.entries(PAGES)) {
    test(name, async () => {
      await open(page, path());
      await inspect(page, name);
    });
  }

  test('shop-account, and what belongs to it', async () => {
    await signIn(page, await newCustomer());
    await open(page, '/account');
    await inspect(page, 'shop-account');
    await open(page, '/orders');
    await inspect(page, 'shop-orders-empty');
    await open(page, '/chat');
    await inspect(page, 'shop-chat');
  });

  test('shop-checkout and shop-order', async () => {
    await page.getByLabel('Basket').or(page.getByRole('link', { name: /Basket/ })).first().waitFor();
    await prepareCheckout(page);
    await inspect(page, 'shop-checkout');
    await press(page, PLACE_THE_ORDER);
    await waitForStep(page, 'Delivered');
    await inspect(page, 'shop-order');
    await open(page, '/orders');
    await inspect(page, 'shop-orders');
  });
});

describe('each page of the back office is accessible', () => {
  let page: Page;
  before(async () => { page = await visitor(); });
  after(leave);

  test('office-sign-in', async () => {
    await open(page, '/back-office/');
    await inspect(page, 'office-sign-in');
  });

  test('office pages', async () => {
    await signIn(page, STAFF, '/back-office/orders');
    await loaded(page);
    await inspect(page, 'office-orders');
    await page.getByRole('region', { name: 'Orders' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'What happened' }).waitFor();
    await loaded(page);
    await inspect(page, 'office-order');
    for (const [name, path] of [
      ['office-products', '/back-office/products'], ['office-new-product', '/back-office/products/new'], ['office-chats', '/back-office/chats'],
    ] as const) {
      await open(page, path);
      await inspect(page, name);
    }
    await open(page, '/back-office/products');
    await page.getByRole('region', { name: 'Products' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Stock' }).waitFor();
    await loaded(page);
    await inspect(page, 'office-product');
  });
});

test('a picture of a product is served by the site, and a missing one is not found', async () => {
  const page = await visitor();
  for (const [path, status] of [['/pictures/kanal-city.svg', 200], ['/pictures/none.svg', 404], ['/assets/none.js', 404], ['/orders/1', 200]] as const) {
    const response = await page.goto(`${SHOP.siteUrl}${path}`);
    assert.equal(response?.status(), status, path);
  }
  await leave();
});
