/**
 * Amounts of money as decimal texts, exactly as the API writes them. They are added in whole minor
 * units, as a `bigint`, and never become a floating-point number.
 */

/** A decimal such as `950.40`, not negative. */
export type Decimal = `${number}`;

export const PATTERN_OF_DECIMAL = /^\d+(\.\d+)?$/;

/** @throws if the text is no plain decimal. */
export function decimal(text: string): Decimal {
  if (!PATTERN_OF_DECIMAL.test(text)) throw new Error(`no decimal: ${text}`);
  return text as Decimal;
}

/** A JSON number as a plain decimal: `1e2` becomes `100`. */
export function fromJsonNumber(text: string): Decimal {
  const [mantissa = '', exponent] = text.toLowerCase().split('e');
  if (exponent === undefined) return decimal(mantissa);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return decimal(`0.${'0'.repeat(-point)}${digits}`);
  const padded = digits.padEnd(point, '0');
  return decimal(point < padded.length ? `${padded.slice(0, point)}.${padded.slice(point)}` : padded);
}

/** Reads what somebody typed, with a point or a comma; `undefined` if it is no amount. */
export function parseAmount(typed: string): Decimal | undefined {
  const text = typed.trim().replace(',', '.');
  return PATTERN_OF_DECIMAL.test(text) ? (text as Decimal) : undefined;
}

/** How many decimals a currency has, such as 2 for USD and 0 for JPY. */
export function decimalsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** @throws if the amount is no whole number of minor units. */
export function toMinor(amount: Decimal, currency: string): bigint {
  const decimals = decimalsOf(currency);
  const [whole = '', fraction = ''] = amount.split('.');
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > decimals) throw new Error(`${amount} has more decimals than ${currency}`);
  return BigInt(whole + digits.padEnd(decimals, '0'));
}

export function fromMinor(minor: bigint, currency: string): Decimal {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return decimal(minor.toString());
  const digits = minor.toString().padStart(decimals + 1, '0');
  return decimal(`${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`);
}

export function times(amount: Decimal, quantity: number, currency: string): Decimal {
  return fromMinor(toMinor(amount, currency) * BigInt(quantity), currency);
}

export function sum(amounts: readonly Decimal[], currency: string): Decimal {
  return fromMinor(
    amounts.reduce((total, amount) => total + toMinor(amount, currency), 0n),
    currency,
  );
}

/** Whether two amounts are equal: `870` and `870.00` are. */
export function isSame(one: Decimal, other: Decimal, currency: string): boolean {
  return toMinor(one, currency) === toMinor(other, currency);
}

/** For display. `Intl` formats decimal texts exactly. */
export function format(amount: Decimal, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount);
}
