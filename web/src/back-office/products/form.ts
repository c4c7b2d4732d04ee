/** A product as staff edit it. */
import type { Schemas } from '../../shared/api.ts';
import { parseAmount } from '../../shared/money.ts';

export interface ProductForm {
  readonly name: string;
  readonly category: string;
  readonly price: string;
  readonly description: string;
  readonly imageFile: string;
}

export const EMPTY_PRODUCT: ProductForm = { name: '', category: '', price: '', description: '', imageFile: '' };

export const PRODUCT_LABELS: Readonly<Record<keyof ProductForm, string>> = {
  name: 'Name',
  category: 'Category',
  price: 'Price',
  description: 'Description',
  imageFile: 'Picture',
};

export function toForm({ name, category, price, description, imageFile }: Schemas['Product']): ProductForm {
  return { name, category, price, description: description ?? '', imageFile: imageFile ?? '' };
}

/** The body of a request, or what is wrong with the price; the API checks the rest. */
export function toDetails(form: ProductForm): Schemas['ProductDetails'] | { readonly priceError: string } {
  const price = parseAmount(form.price);
  if (price === undefined) return { priceError: 'An amount has digits, and a point before its decimals.' };
  return { ...form, price };
}

/** The fields in which two people's versions differ. */
export function differences(mine: ProductForm, theirs: ProductForm): (keyof ProductForm)[] {
  return (Object.keys(PRODUCT_LABELS) as (keyof ProductForm)[]).filter(
    (field) => mine[field].trim() !== theirs[field].trim(),
  );
}
