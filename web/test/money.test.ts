import { describe, expect, it } from 'vitest';
import {
  format,
  fromJsonNumber,
  fromMinor,
  isSame,
  parseAmount,
  sum,
  times,
  toMinor,
  type Decimal,
} from '../src/shared/money.ts';

describe('money', () => {
  it('adds what floating-point numbers cannot', () => {
    expect(sum(['0.1', '0.2'], 'USD')).toBe('0.30');
    expect(sum(['9007199254740993.01', '0.01'], 'USD')).toBe('9007199254740993.02');
    expect(times('19.99', 99, 'USD')).toBe('1979.01');
    expect(sum([], 'USD')).toBe('0.00');
  });

  it('has as many decimals as the currency', () => {
    expect(toMinor('12.5', 'USD')).toBe(1250n);
    expect(toMinor('12', 'JPY')).toBe(12n);
    expect(toMinor('1.234', 'KWD')).toBe(1234n);
    expect(fromMinor(5n, 'USD')).toBe('0.05');
    expect(fromMinor(5n, 'JPY')).toBe('5');
    expect(() => toMinor('1.005', 'USD')).toThrow();
    expect(toMinor('1.500', 'USD')).toBe(150n);
  });

  it('compares amounts and not their spelling', () => {
    expect(isSame('870', '870.00', 'USD')).toBe(true);
    expect(isSame('870', '870.01', 'USD')).toBe(false);
  });

  it('reads JSON numbers in each of their spellings', () => {
    const spellings: [string, Decimal][] = [
      ['950.40', '950.40'],
      ['1e2', '100'],
      ['1.5E+3', '1500'],
      ['25e-1', '2.5'],
      ['5e-2', '0.05'],
      ['0', '0'],
    ];
    for (const [text, amount] of spellings) expect(Number(fromJsonNumber(text))).toBe(Number(amount));
    expect(fromJsonNumber('950.40')).toBe('950.40');
    expect(() => fromJsonNumber('-1')).toThrow();
  });

  it('reads what people type', () => {
    expect(parseAmount(' 12,50 ')).toBe('12.50');
    expect(parseAmount('12.')).toBeUndefined();
    expect(parseAmount('1e3')).toBeUndefined();
    expect(parseAmount('-1')).toBeUndefined();
    expect(parseAmount('')).toBeUndefined();
  });

  it('is formatted exactly', () => {
    expect(format('1120.75', 'USD')).toBe('$1,120.75');
    expect(format('9007199254740993.01', 'USD')).toBe('$9,007,199,254,740,993.01');
  });
});
