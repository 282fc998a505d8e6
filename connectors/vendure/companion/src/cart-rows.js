/** The companion's row of a cart: found, locked together with its order, moved on by one. */
'use strict';

const { Order } = require('@vendure/core');
const { CartbridgeCart } = require('./entities');

// On PostgreSQL the weaker lock: a session that merely points to the order need not wait for it.
const LOCK_OF = { postgres: 'for_no_key_update', mysql: 'pessimistic_write', mariadb: 'pessimistic_write' };

/**
 * The databases on which carts can be locked; the plugin refuses to boot on another.
 *
 * @param {string} type TypeORM's name of the database
 * @returns {boolean}
 */
function canLock(type) {
    return type in LOCK_OF;
}

/**
 * Holds the order and the cart's row until the transaction of `manager` ends, always in that
 * sequence, which is also Vendure's own when it joins orders at login; null if the order is gone.
 *
 * @param {import('typeorm').EntityManager} manager inside a transaction
 * @param {import('@vendure/core').ID} orderId
 * @returns {Promise<CartbridgeCart | null>}
 */
async function lockCart(manager, orderId) {
    if (!(await lockOrder(manager, orderId))) {
        return null;
    }
    const row = await lockRow(manager, orderId);
    if (row) {
        return row;
    }
    await insertRow(manager, await manager.findOneByOrFail(Order, { id: orderId }));
    return lockRow(manager, orderId);
}

/**
 * Raises the revision of a cart by one in the transaction of `manager`.
 *
 * @param {import('typeorm').EntityManager} manager
 * @param {import('@vendure/core').ID} orderId
 */
async function raiseRevision(manager, orderId) {
    if (manager.queryRunner?.isTransactionActive) {
        await lockOrder(manager, orderId);
    }
    const raised = await manager
        .createQueryBuilder()
        .update(CartbridgeCart)
        .set({ revision: () => 'revision + 1', changedAt: new Date() })
        .where({ orderId })
        .execute();
    if (raised.affected) {
        return;
    }
    const order = await manager.findOneBy(Order, { id: orderId });
    if (order) {
        await insertRow(manager, order);
    }
}

/**
 * Starts the row of an order at revision 1; leaves a row that is already there.
 *
 * @param {import('typeorm').EntityManager} manager
 * @param {Order} order
 * @param {Partial<CartbridgeCart>} [more]
 */
async function insertRow(manager, order, more = {}) {
    await manager
        .createQueryBuilder()
        .insert()
        .into(CartbridgeCart)
        .values({
            orderId: order.id,
            code: order.code,
            currency: order.currencyCode,
            revision: 1,
            changedAt: new Date(),
            ...more,
        })
        .orIgnore()
        .execute();
}

function lockOrder(manager, orderId) {
    return manager
        .createQueryBuilder(Order, 'o')
        .select(['o.id'])
        .setLock(LOCK_OF[manager.connection.options.type])
        .where('o.id = :orderId', { orderId })
        .getOne();
}

function lockRow(manager, orderId) {
    return manager
        .createQueryBuilder(CartbridgeCart, 'cart')
        .setLock('pessimistic_write')
        .where('cart.orderId = :orderId', { orderId })
        .getOne();
}

module.exports = { canLock, insertRow, lockCart, raiseRevision };
