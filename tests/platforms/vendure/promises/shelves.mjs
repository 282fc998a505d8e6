/** What the companion says of prices, stock and accounts when it is asked. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { until } from '../postgres.mjs';
import { world } from '../world.mjs';

describe('what the gateway asks while a cashier waits', () => {
    const skus = ['LAMPE-CHENE-60', 'LIVRE-CUISINE', 'NOSUCHSKU'];

    test('articles cost what the shop asks, with their tax; what it does not sell has no price', async () => {
        const { status, body } = await world.companion.call('articles/prices', { currency: 'EUR', skus });
        assert.equal(status, 200);
        const rows = body.prices.map(one => [one.sku, one.unit_price, one.currency, one.tax_mode, one.tax_rate]);
        assert.deepEqual(rows, [
            ['LAMPE-CHENE-60', 7990, 'EUR', 'inclusive', '0.20'],
            ['LIVRE-CUISINE', 2500, 'EUR', 'inclusive', '0.055'],
        ]);
        const foreign = await world.companion.call('articles/prices', { currency: 'CHF', skus });
        assert.deepEqual(foreign.body, { prices: [] });
    });

    test('a location has what no order has taken; what is not counted is not told', async () => {
        const ask = locations => world.companion.call('articles/stock', { skus: ['CAFETIERE-6T', ...skus], locations });
        const here = (await ask(['1', '424242'])).body.stock;
        assert.deepEqual(here.map(one => [one.sku, one.location]), [
            ['LAMPE-CHENE-60', '1'],
            ['CAFETIERE-6T', '1'],
        ]);
        assert.ok(here.every(one => Number.isInteger(one.quantity) && one.quantity >= 0));
        assert.deepEqual((await ask(['424242'])).body, { stock: [] });
    });

    test('verified accounts are listed page by page until the place stands still', async () => {
        const page = cursor => world.companion.call('customers/changed', { cursor, limit: 1 });
        const first = await until(async () => {
            const { body } = await page(null); // a change is told ten seconds later
            return body.items.length ? body : undefined;
        }, 'the accounts of the seed');
        const told = [];
        let last;
        for (let { items, next } = first; items.length; { items, next } = (await page(next)).body) {
            told.push(...items);
            last = next;
        }
        assert.equal(new Set(told.map(one => one.external_id)).size, told.length);
        const claire = told.find(one => one.email === 'claire@example.fr');
        assert.deepEqual([claire.state, claire.first_name, claire.phone], ['customer', 'Claire', '+33600000001']);
        assert.deepEqual((await page(last)).body, { items: [], next: last });
        assert.equal((await page('nonsense')).status, 400);
    });
});
