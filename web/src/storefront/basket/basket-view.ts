/** One shape for both baskets: the account's, and the guest's with the catalogue's prices. */
import type { Schemas } from '../../shared/api.ts';
import { isSame, sum, times, type Decimal } from '../../shared/money.ts';
import { keyOf, type GuestLine } from './guest-basket.ts';

export interface BasketLine {
  readonly key: string;
  readonly productId: string;
  readonly name: string;
  readonly color?: string;
  readonly quantity: number;
  readonly price: Decimal;
  readonly lineTotal: Decimal;
  readonly priceChanged: boolean;
  /** Whether the product is still sold; if not, the line does not count. */
  readonly available: boolean;
}

export interface BasketView {
  readonly lines: readonly BasketLine[];
  readonly subtotal: Decimal;
  readonly currency: string;
}

export function ofAccount({ items, subtotal, currency }: Schemas['Basket']): BasketView {
  return {
    subtotal,
    currency,
    lines: items.map(({ itemId, productName, ...item }) => ({
      ...item,
      key: itemId,
      name: productName ?? 'A product that is no longer sold',
    })),
  };
}

/** `products` has `null` for a product that is no longer sold. */
export function ofGuest(
  lines: readonly GuestLine[],
  products: ReadonlyMap<string, Schemas['Product'] | null>,
): BasketView {
  const known = lines.flatMap((line) => {
    const product = products.get(line.productId);
    return product === undefined ? [] : [{ line, product }];
  });
  const currency = known.find(({ product }) => product !== null)?.product?.currency ?? 'USD';
  const zero = sum([], currency);
  const view = known.map(({ line, product }): BasketLine => ({
    key: keyOf(line),
    productId: line.productId,
    name: product?.name ?? 'A product that is no longer sold',
    ...(line.color !== undefined && { color: line.color }),
    quantity: line.quantity,
    price: product?.price ?? line.price ?? zero,
    lineTotal: product === null ? zero : times(product.price, line.quantity, currency),
    priceChanged: product !== null && line.price !== undefined && !isSame(line.price, product.price, currency),
    available: product !== null,
  }));
  return {
    lines: view,
    currency,
    subtotal: sum(
      view.map(({ lineTotal }) => lineTotal),
      currency,
    ),
  };
}
