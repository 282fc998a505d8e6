/** Stops the shopper's cart while a till holds it, gives it back, and ends it once it is sold. */
'use strict';

const { Modules } = require('@medusajs/framework/utils');
const { connection, rowOf, transaction } = require('./database');
const { deliverSoon } = require('./delivery');
const { withCartLock } = require('./lock');
const { say } = require('./messages');
const { look, record, snapshotOf } = require('./record');
const { CallRefused, noCart } = require('./refusal');

const NOTHING = { lines: [], codes: [] };

/**
 * Answers `{snapshot}`; throws CallRefused 409 if the cart has ended or carries a payment.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {{until: string, where: string}} request
 */
function freezeCart(container, cartId, { until, where }) {
    return transaction(container, async trx => {
        const seen = await look(container, trx, cartId);
        if (!seen) {
            throw noCart();
        }
        const snapshot = snapshotOf(seen.row, seen.content);
        if (seen.content.state !== 'open') {
            throw new CallRefused(409, 'cart_ended', 'This cart was bought or ended: nothing to hold.', {
                snapshot,
            });
        }
        if (seen.content.has_payment) {
            throw new CallRefused(
                409,
                'cart_has_payment',
                'This cart carries an online payment: finish it in the shop.',
                { snapshot },
            );
        }
        await trx('cartbridge_cart')
            .where({ id: cartId })
            .update({ frozen_until: new Date(until), frozen_where: where });
        return { snapshot };
    });
}

/**
 * Answers `{snapshot}`, also for a cart that was not frozen.
 *
 * @param {any} container
 * @param {string} cartId
 */
async function thawCart(container, cartId) {
    await connection(container)('cartbridge_cart')
        .where({ id: cartId })
        .update({ frozen_until: null, frozen_where: null });
    const snapshot = await record(container, cartId);
    if (!snapshot) {
        throw noCart();
    }
    return { snapshot };
}

/**
 * Ends a cart that was sold in the store: Medusa refuses every later change of it. Answers
 * `{snapshot}`, also to a repeat with the same receipt number.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {{receipt_number: string}} request
 */
async function convertCart(container, cartId, { receipt_number: receipt }) {
    const snapshot = await withCartLock(container, cartId, NOTHING, async () => {
        const before = await record(container, cartId);
        if (!before) {
            throw noCart();
        }
        const row = await rowOf(container, cartId);
        if (before.state === 'sold' && row.receipt_number === receipt) {
            return before;
        }
        if (before.state !== 'open') {
            throw new CallRefused(
                409,
                'cart_ended',
                'This cart was bought or ended already: put it before an operator.',
                { snapshot: before },
            );
        }
        await connection(container)('cartbridge_cart')
            .where({ id: cartId })
            .update({ receipt_number: receipt, frozen_until: null, frozen_where: null });
        await container.resolve(Modules.CART).updateCarts(cartId, { completed_at: new Date() });
        return record(container, cartId);
    });
    deliverSoon(container);
    return { snapshot };
}

/**
 * Why the shopper may not change or buy this cart now, for her to read; undefined if she may.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {string} language
 * @returns {Promise<{code: string, message: string} | undefined>}
 */
async function holdOf(container, cartId, language) {
    const row = await rowOf(container, cartId);
    if (row?.receipt_number) {
        return { code: 'cartbridge_sold', message: say(language, 'sold') };
    }
    const left = row?.frozen_until ? row.frozen_until - Date.now() : 0;
    if (left <= 0) {
        return undefined;
    }
    const minutes = Math.ceil(left / 60_000);
    return {
        code: 'cartbridge_frozen',
        message: say(language, 'frozen', { where: row.frozen_where, minutes }),
    };
}

module.exports = { convertCart, freezeCart, holdOf, thawCart };
