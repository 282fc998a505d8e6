/** The companion's rows: one short transaction around what must be true together. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');

const PATIENCE = '5s';
const AT_ONCE = 3; // each holds a connection while Medusa reads the cart on another one

/** Lets a few run at once and the others wait, so that they cannot starve the pool together. */
class Gate {
    constructor(places) {
        this.places = places;
        this.waiting = [];
    }

    async run(work) {
        if (this.places === 0) {
            await new Promise(resolve => this.waiting.push(resolve));
        } else {
            this.places -= 1;
        }
        try {
            return await work();
        } finally {
            const next = this.waiting.shift();
            if (next) {
                next();
            } else {
                this.places += 1;
            }
        }
    }
}

const gate = new Gate(AT_ONCE);

/** The knex connection that Medusa itself uses. */
const connection = container => container.resolve(ContainerRegistrationKeys.PG_CONNECTION);

/**
 * Runs `work` in one transaction.
 *
 * @param {any} container
 * @param {(trx: any) => Promise<any>} work
 */
function transaction(container, work) {
    return gate.run(() => connection(container).transaction(work));
}

/**
 * The row of a cart, begun if need be and held until the transaction ends.
 *
 * @param {any} trx
 * @param {string} cartId
 */
async function heldRow(trx, cartId) {
    await trx.raw(`set local lock_timeout = '${PATIENCE}'`); // rather an error than a call that hangs
    await trx('cartbridge_cart').insert({ id: cartId }).onConflict('id').ignore();
    return trx('cartbridge_cart').where({ id: cartId }).forUpdate().first();
}

/**
 * The row of a cart as it is; undefined for a cart nothing is known of.
 *
 * @param {any} container
 * @param {string} cartId
 */
function rowOf(container, cartId) {
    return connection(container)('cartbridge_cart').where({ id: cartId }).first();
}

/**
 * The next position of the list of changes. Held until the commit, so positions are in the order
 * of commits and a reader that stands at one has seen everything before it.
 *
 * @param {any} trx
 * @returns {Promise<number>}
 */
async function nextPosition(trx) {
    await trx.raw("select pg_advisory_xact_lock(hashtext('cartbridge_cart.position'))");
    const { most } = await trx('cartbridge_cart').max('position as most').first();
    return Number(most ?? 0) + 1;
}

module.exports = { connection, heldRow, nextPosition, rowOf, transaction };
