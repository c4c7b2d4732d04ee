import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenApi, Schema } from '../constructs/openapi.ts';
import { requestModel } from '../constructs/request-models.ts';

/** A document whose only operation takes a body of this schema. */
function taking(schema: Schema, schemas: Record<string, Schema> = {}, mediaType = 'application/json'): OpenApi {
  return { paths: { '/thing': { post: { requestBody: { content: { [mediaType]: { schema } } } } } }, components: { schemas } };
}

const model = (schema: Schema, schemas?: Record<string, Schema>) => requestModel(taking(schema, schemas), 'POST', '/thing');

describe('a request model', () => {
  test('is there for operations that take JSON', () => {
    assert.equal(requestModel(taking({ type: 'object' }), 'GET', '/thing'), undefined);
    assert.equal(requestModel(taking({ type: 'object' }), 'POST', '/other'), undefined);
    assert.equal(requestModel(taking({ type: 'string' }, {}, 'text/plain'), 'POST', '/thing'), undefined);
    assert.deepEqual(requestModel(taking({ type: 'object' }, {}, 'application/merge-patch+json'), 'POST', '/thing'), { type: 'object' });
  });

  test('bounds texts and lists, with room for mistakes', () => {
    assert.deepEqual(model({
      type: 'object',
      properties: { name: { type: 'string', maxLength: 20 }, items: { type: 'array', maxItems: 100 } },
    }), { type: 'object', properties: { name: { maxLength: 200 }, items: { maxItems: 1000 } } });
  });

  test('leaves to the functions what they can say better', () => {
    const schema = {
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: { name: { type: 'string', minLength: 1, pattern: '^a' }, price: { type: 'number', minimum: 0 } },
    };
    assert.deepEqual(model(schema), { type: 'object' });
  });

  test('has in it what the schema refers to', () => {
    const schemas = {
      Basket: { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Item' } } } },
      Item: { type: 'object', properties: { color: { $ref: '#/components/schemas/Color' } } },
      Color: { type: 'string', maxLength: 5 },
    };
    assert.deepEqual(model({ $ref: '#/components/schemas/Basket' }, schemas), {
      type: 'object',
      properties: { items: { items: { properties: { color: { maxLength: 50 } } } } },
    });
  });

  test('follows a schema into itself once', () => {
    const schemas = {
      Tree: { type: 'object', properties: { name: { maxLength: 1 }, children: { items: { $ref: '#/components/schemas/Tree' } } } },
    };
    assert.deepEqual(model({ $ref: '#/components/schemas/Tree' }, schemas), { type: 'object', properties: { name: { maxLength: 10 } } });
  });

  test('bounds what may be left out as if it were there', () => {
    for (const choice of ['oneOf', 'anyOf']) {
      assert.deepEqual(model({ properties: { color: { [choice]: [{ type: 'null' }, { maxLength: 5 }] } } }), {
        properties: { color: { allOf: [{ maxLength: 50 }] } },
      });
    }
    assert.deepEqual(model({ properties: { color: { type: ['string', 'null'], maxLength: 5 } } }), { properties: { color: { maxLength: 50 } } });
  });

  test('takes the loosest of several choices, and all of several parts', () => {
    const [short, long, free] = [{ maxLength: 1 }, { maxLength: 2 }, { type: 'string' }];
    assert.deepEqual(model({ oneOf: [short, long] }), { allOf: [{ anyOf: [{ maxLength: 10 }, { maxLength: 20 }] }] });
    assert.deepEqual(model({ oneOf: [short, free] }), {});
    assert.deepEqual(model({ allOf: [short, free, long] }), { allOf: [{ maxLength: 10 }, { maxLength: 20 }] });
  });

  test('cannot be made of a reference to nothing', () => {
    assert.throws(() => model({ $ref: '#/components/schemas/Gone' }), /There is no schema #\/components\/schemas\/Gone\./);
  });
});
