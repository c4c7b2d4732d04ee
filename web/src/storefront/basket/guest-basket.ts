/** The basket of somebody who is not signed in, in the browser's local storage. */
import { PATTERN_OF_DECIMAL, type Decimal } from '../../shared/money.ts';

export const MAX_UNITS = 99;
export const MAX_LINES = 100;

export interface GuestLine {
  readonly productId: string;
  readonly quantity: number;
  readonly color?: string;
  /** The price when it was added, to show that it has changed. */
  readonly price?: Decimal;
}

const STORAGE_KEY = 'ferrocart.basket';

/** The same product in the same colour is one line. */
export function keyOf({ productId, color }: Pick<GuestLine, 'productId' | 'color'>): string {
  return `${productId}/${color ?? ''}`;
}

export class GuestBasket {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly #listeners = new Set<() => void>();
  #lines: readonly GuestLine[];

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = localStorage) {
    this.#storage = storage;
    this.#lines = readLines(storage.getItem(STORAGE_KEY));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly lines = (): readonly GuestLine[] => this.#lines;

  /** Another tab changed it. */
  onStorage({ key, newValue }: Pick<StorageEvent, 'key' | 'newValue'>): void {
    if (key === null || key === STORAGE_KEY) this.#set(readLines(newValue));
  }

  add(line: GuestLine): void {
    const key = keyOf(line);
    const present = this.#lines.find((other) => keyOf(other) === key);
    if (present === undefined) {
      if (this.#lines.length < MAX_LINES) this.#save([...this.#lines, line]);
    } else {
      this.change(key, Math.min(present.quantity + line.quantity, MAX_UNITS));
    }
  }

  change(key: string, quantity: number): void {
    this.#save(this.#lines.map((line) => (keyOf(line) === key ? { ...line, quantity } : line)));
  }

  remove(key: string): void {
    this.#save(this.#lines.filter((line) => keyOf(line) !== key));
  }

  #save(lines: readonly GuestLine[]): void {
    if (lines.length === 0) this.#storage.removeItem(STORAGE_KEY);
    else this.#storage.setItem(STORAGE_KEY, JSON.stringify(lines));
    this.#set(lines);
  }

  #set(lines: readonly GuestLine[]): void {
    this.#lines = lines;
    for (const listener of this.#listeners) listener();
  }
}

/** The storage may hold anything: an older version's data, or what somebody typed in. */
function readLines(text: string | null): readonly GuestLine[] {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(stored) ? stored.filter(isLine).slice(0, MAX_LINES) : [];
}

function isLine(value: unknown): value is GuestLine {
  if (typeof value !== 'object' || value === null) return false;
  const { productId, quantity, color, price } = value as Record<string, unknown>;
  return (
    typeof productId === 'string' &&
    /^[0-9a-f-]{36}$/.test(productId) &&
    Number.isInteger(quantity) &&
    Number(quantity) >= 1 &&
    Number(quantity) <= MAX_UNITS &&
    (color === undefined || typeof color === 'string') &&
    (price === undefined || (typeof price === 'string' && PATTERN_OF_DECIMAL.test(price)))
  );
}
