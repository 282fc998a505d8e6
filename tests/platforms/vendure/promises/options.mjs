/** What the shop may pass to the plugin. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';

import { CONNECTION, SECRET, SHOP_KEY } from '../fake-gateway.mjs';

const require = createRequire(import.meta.url);

describe('the options', () => {
    const right = {
        hookUrl: 'https://gateway.example/v1/hooks/x',
        secrets: [SECRET],
        gatewayUrl: 'https://gateway.example/',
        shopKey: SHOP_KEY,
        connection: CONNECTION,
        cartUrl: 'https://shop.example/cart',
    };
    const { checkOptions } = require('../../../../connectors/vendure/companion/src/options.js');

    test('right ones are completed', () => {
        const options = checkOptions(right);
        assert.equal(options.gatewayUrl, 'https://gateway.example');
        assert.equal(options.sweepSeconds, 60);
        assert.ok(Object.isFrozen(options));
    });

    test('wrong ones are all named at once, and no secret with them', () => {
        const wrong = { ...right, hookUrl: 'gateway', secrets: ['whsec_c2hvcnQ='], shopKey: '', hookURL: 'x' };
        assert.throws(
            () => checkOptions(wrong),
            ({ message }) =>
                ['hookURL: no such option', 'hookUrl:', 'secrets: number 1', 'shopKey:'].every(part =>
                    message.includes(part),
                ) && !message.includes('c2hvcnQ'),
        );
        assert.throws(() => checkOptions({}), /connection: must be/);
        assert.throws(() => checkOptions(undefined), /needs an options object/);
    });
});
