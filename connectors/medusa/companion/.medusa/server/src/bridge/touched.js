/** What to do about a cart that may have changed: one look per moment, however many events. */
'use strict';

const { connection } = require('./database');
const { deliverSoon } = require('./delivery');
const { logFault } = require('./log');
const { record } = require('./record');
const { CallRefused } = require('./refusal');

const COALESCE_MS = 50;
const pending = new Map();

/** Records the cart in the background; an action that is several events becomes one message. */
function touched(container, cartId) {
    if (pending.has(cartId)) {
        return;
    }
    const look = () => {
        pending.delete(cartId);
        recordNow(container, cartId).catch(error =>
            logFault(container, 'a cart could not be recorded; the sweep tries again', error),
        );
    };
    pending.set(cartId, setTimeout(look, COALESCE_MS).unref());
}

/**
 * Records the cart and answers it; undefined if there is none, or the gateway is writing it, which
 * records it as well.
 *
 * @param {any} container
 * @param {string} cartId
 */
async function recordNow(container, cartId) {
    try {
        return await record(container, cartId);
    } catch (error) {
        if (!(error instanceof CallRefused)) {
            throw error;
        }
        return undefined;
    } finally {
        deliverSoon(container);
    }
}

/** A log-in proved whose cart this is. */
async function proven(container, cartId, customerId) {
    await connection(container)('cartbridge_cart')
        .insert({ id: cartId, customer_id: customerId })
        .onConflict('id')
        .merge(['customer_id']);
    touched(container, cartId);
}

module.exports = { proven, recordNow, touched };
