/** Medusa's own lock of a cart: while it is ours, no workflow of the shop changes the cart. */
'use strict';

const crypto = require('node:crypto');
const { setTimeout: pause } = require('node:timers/promises');
const { Modules } = require('@medusajs/framework/utils');
const { busy } = require('./refusal');

const LEAST_SECONDS = 30;
const PATIENCE_MS = 6000;
const PAUSE_MS = 100;

/** How long a write may take before it passes for broken off: each article is a change of its own. */
const secondsFor = ({ lines, codes }) => LEAST_SECONDS + lines.length + codes.length;

/**
 * Runs `work` while the cart is locked; throws CallRefused 503 if the shop does not let go of it.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {{lines: object[], codes: string[]}} wish
 * @param {() => Promise<any>} work
 */
async function withCartLock(container, cartId, wish, work) {
    const locking = container.resolve(Modules.LOCKING);
    const owner = { ownerId: `cartbridge-${crypto.randomUUID()}` };
    const giveUp = Date.now() + PATIENCE_MS;
    for (;;) {
        try {
            await locking.acquire(cartId, { ...owner, expire: secondsFor(wish) });
            break;
        } catch {
            if (Date.now() > giveUp) {
                throw busy();
            }
        }
        await pause(PAUSE_MS);
    }
    try {
        return await work();
    } finally {
        await locking.release(cartId, owner);
    }
}

module.exports = { secondsFor, withCartLock };
