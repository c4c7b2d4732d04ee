/** Brings a guest's basket into that of their account. */
import { dataOf, type Api, type Schemas } from '../../shared/api.ts';
import { ApiError, isTransient } from '../../shared/problem.ts';
import { keyOf, type GuestBasket, type GuestLine } from './guest-basket.ts';

export type Step =
  | { readonly kind: 'add'; readonly line: GuestLine }
  | { readonly kind: 'raise'; readonly line: GuestLine; readonly itemId: string }
  /** The account has as many units already. */
  | { readonly kind: 'keep'; readonly line: GuestLine };

/**
 * The larger quantity of both baskets, and not their sum: the same steps, repeated after a lost
 * response, lead to the same basket.
 */
export function stepsOf(guest: readonly GuestLine[], account: readonly Schemas['BasketItem'][]): Step[] {
  const items = new Map(account.map((item) => [keyOf(item), item]));
  return guest.map((line) => {
    const item = items.get(keyOf(line));
    if (item === undefined) return { kind: 'add', line };
    return item.quantity < line.quantity ? { kind: 'raise', line, itemId: item.itemId } : { kind: 'keep', line };
  });
}

/**
 * A line leaves the guest's basket when the account has it, or when the account cannot have it.
 * Returns how many were refused.
 *
 * @throws if it should be tried again; what is left of the guest's basket stays.
 */
export async function bringIn(api: Api, userName: string, guest: GuestBasket): Promise<number> {
  const path = { userName };
  const { items } = await dataOf(api.GET('/basket/{userName}', { params: { path } }));
  let refused = 0;
  for (const step of stepsOf(guest.lines(), items)) {
    const { productId, quantity, color } = step.line;
    try {
      if (step.kind === 'add') {
        await api.POST('/basket/{userName}/items', {
          params: { path },
          body: { productId, quantity, ...(color !== undefined && { color }) },
        });
      } else if (step.kind === 'raise') {
        await api.PATCH('/basket/{userName}/items/{itemId}', {
          params: { path: { userName, itemId: step.itemId } },
          body: { quantity },
        });
      }
    } catch (error) {
      if (isTransient(error) || !(error instanceof ApiError) || error.status === 401) throw error;
      refused += 1;
    }
    guest.remove(keyOf(step.line));
  }
  return refused;
}
