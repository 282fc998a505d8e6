/** Medusa's amounts as exact decimal strings, in major units. */
'use strict';

const { MathBN } = require('@medusajs/framework/utils');

/**
 * An amount with every digit Medusa keeps, never as a float: `"89.9"`; null for none.
 *
 * @param {any} amount a number, a BigNumber or the `{value}` of a `raw_…` field
 * @returns {string | null}
 */
function exact(amount) {
    if (amount === null || amount === undefined) {
        return null;
    }
    return MathBN.convert(amount.raw ?? amount).toFixed();
}

module.exports = { exact };
