/** That money is written so that it adds up. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

const require = createRequire(import.meta.url);
const { rateOf, settle } = require('../../../../connectors/vendure/companion/src/amounts.js');

describe('amounts', () => {
    test('a tax rate is a decimal text with no rounding noise', () => {
        const rates = [20, 5.5, 2.1, 0, 100].map(rateOf);
        assert.deepEqual(rates, ['0.20', '0.055', '0.021', '0.00', '1.00']);
    });

    test('the dearest line takes the cents of a tax rounded per order', () => {
        const snapshot = { external_id: 'X', shipping: 490, total: 1500, lines: [{ total: 300 }, { total: 709 }] };
        settle(snapshot);
        assert.deepEqual(snapshot.lines, [{ total: 300 }, { total: 710 }]);
    });

    test('a cart that is off by more is never sent', () => {
        const snapshot = { external_id: 'X', shipping: 0, total: 500, lines: [{ total: 300 }] };
        assert.throws(() => settle(snapshot), /Order X does not add up: .* make 300, its total is 500\./);
        assert.throws(() => settle({ ...snapshot, lines: [] }), /does not add up/);
    });
});
