/** JSON whose amounts of money stay exact. */
import { isLosslessNumber, LosslessNumber, parse, stringify } from 'lossless-json';
import { DECIMAL_FIELDS } from './api-schema.ts';
import { fromJsonNumber } from './money.ts';

/** Parses a response: amounts become decimal texts, all other numbers become numbers. */
export function parseJson(text: string): unknown {
  return parse(text, (name, value) => {
    if (!isLosslessNumber(value)) return value;
    const digits = value.toString();
    return DECIMAL_FIELDS.has(name) ? fromJsonNumber(digits) : Number(digits);
  });
}

/** Writes a request: amounts become JSON numbers, digit by digit. */
export function writeJson(value: unknown, space?: number): string {
  const replacer = (name: string, field: unknown): unknown =>
    DECIMAL_FIELDS.has(name) && typeof field === 'string' ? new LosslessNumber(field) : field;
  return stringify(value, replacer, space) ?? 'null';
}
