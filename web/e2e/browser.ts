/** A browser, and what people do with it. */
import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';
import { SHOP, variable } from './shop.ts';

/** How long a page may take to show what is expected of it. */
const TIMEOUT_MS = 20_000;

let browser: Promise<Browser> | undefined;

function launch(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: variable('FERROCART_BROWSER'),
    // Its sandbox does not work for root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  return browser;
}

after(async () => { await (await browser)?.close(); });

/**
 * A tab of somebody who was never here, until the test ends. Errors of scripts, and what the policy
 * of a page refuses, fail the test.
 */
export async function visitor(test: TestContext): Promise<Page> {
  const context = await (await launch()).newContext({ locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce' });
  context.setDefaultTimeout(TIMEOUT_MS);
  const errors: string[] = [];
  context.on('weberror', (error) => errors.push(`${error.page()?.url()}: ${error.error().message}`));
  context.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(`${message.page()?.url()}: ${message.text()}`);
  });
  test.after(async () => {
    await context.close();
    assert.deepEqual(errors, []);
  });
  return context.newPage();
}

/** Opens a path of the site, and waits until the page shows its content. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${SHOP.siteUrl}${path}`);
  await loaded(page);
}

export async function loaded(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.skeleton, .spinner') === null);
}

export async function fillIn(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: false }).first().fill(value);
}

export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

export async function signIn(page: Page, user: { readonly userName: string; readonly password: string }, path = '/sign-in'): Promise<void> {
  await open(page, path);
  await fillIn(page, { 'User name or e-mail': user.userName, Password: user.password });
  await press(page, 'Sign in');
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor({ state: 'detached' });
}

/** Puts units of a product into the basket. */
export async function addToBasket(page: Page, productId: string): Promise<void> {
  await open(page, `/product/${productId}`);
  await press(page, 'Add to basket');
  await page.getByText('In your basket.').waitFor();
}

/** Fills in the checkout of a customer who is signed in. */
export async function prepareCheckout(page: Page, card = 'tok_visa'): Promise<void> {
  await open(page, '/checkout');
  await fillIn(page, { 'First name': 'Grace', 'Last name': 'Hopper', Address: '1 Harbour Street' });
  await page.getByLabel('Test card').selectOption(card);
}

export const PLACE_THE_ORDER = 'Place the order';

/** Waits until the page of an order shows it at this step. */
export async function waitForStep(page: Page, label: string): Promise<void> {
  await page.locator('[aria-current=step]', { hasText: label }).waitFor({ timeout: 40_000 });
}
