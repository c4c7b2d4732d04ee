import { expect, it } from 'vitest';
import { parseJson, writeJson } from '../src/shared/json.ts';

it('amounts survive JSON digit by digit, and other numbers stay numbers', () => {
  const text = '{"price":950.40,"quantity":2,"items":[{"lineTotal":9007199254740993.01}],"available":12}';
  const value = parseJson(text);
  expect(value).toEqual({ price: '950.40', quantity: 2, items: [{ lineTotal: '9007199254740993.01' }], available: 12 });
  expect(writeJson(value)).toBe(text);
});

it('texts that look like amounts stay texts', () => {
  expect(parseJson('{"name":"\\"price\\":1.10"}')).toEqual({ name: '"price":1.10' });
  expect(writeJson({ name: '1.10', price: null })).toBe('{"name":"1.10","price":null}');
});
