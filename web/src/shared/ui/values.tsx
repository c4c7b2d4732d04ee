/** Values as people read them. */
import { format, type Decimal } from '../money.ts';

export function Price({ amount, currency }: { readonly amount: Decimal; readonly currency: string }) {
  return <span className="price">{format(amount, currency)}</span>;
}

const DAY_AND_TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export function Time({ at }: { readonly at: string }) {
  return <time dateTime={at}>{DAY_AND_TIME.format(new Date(at))}</time>;
}
