/** Opens a cart for one of the gateway's calls: found, locked, read, in one transaction. */
'use strict';

const { Order, TransactionalConnection } = require('@vendure/core');
const { lockCart } = require('./cart-rows');
const { injectable } = require('./decorate');
const { CartbridgeCart, CartbridgePush } = require('./entities');
const { noSuchCart } = require('./refusal');
const { SnapshotReader } = require('./snapshot');
const { isCart } = require('./what-is-a-cart');

const ATTEMPTS = 4;
// PostgreSQL's deadlock and serialization failure, MySQL's deadlock: nothing was done, do it again.
const DO_AGAIN = new Set(['40P01', '40001', 'ER_LOCK_DEADLOCK']);

class Carts {
    constructor(connection, reader) {
        Object.assign(this, { connection, reader });
    }

    /**
     * The cart as it is; throws CallRefused 404.
     *
     * @param {string} code the order code
     */
    async read(code) {
        const row = await this.rowOf(code);
        const ctx = await this.contextOf(row);
        const read = await this.reader.read(ctx, row.orderId);
        if (!read || !isCart(read.order)) {
            throw noSuchCart(row);
        }
        return read.snapshot;
    }

    /**
     * Runs `work` while the cart of `code` is locked; all of it is done, or nothing.
     *
     * @template T
     * @param {string} code
     * @param {(ctx: import('@vendure/core').RequestContext, order: Order, row: CartbridgeCart) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async withCart(code, work) {
        const found = await this.rowOf(code);
        const ctx = await this.contextOf(found);
        return this.inTransaction(ctx, async tx => {
            const { order, row } = await this.lock(tx, found.orderId);
            return work(tx, order, row);
        });
    }

    /**
     * Runs `work` in a transaction, again when the database gave it up for a lock's sake.
     *
     * @template T
     * @param {import('@vendure/core').RequestContext} ctx
     * @param {(tx: import('@vendure/core').RequestContext) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async inTransaction(ctx, work) {
        for (let attempt = 1; ; attempt += 1) {
            try {
                return await this.connection.withTransaction(ctx, work);
            } catch (error) {
                if (attempt === ATTEMPTS || !DO_AGAIN.has(error.code ?? error.driverError?.code)) {
                    throw error;
                }
            }
        }
    }

    /**
     * The order and its row, held until the transaction of `tx` ends; throws CallRefused 404.
     *
     * @param {import('@vendure/core').RequestContext} tx
     * @param {import('@vendure/core').ID} orderId
     */
    async lock(tx, orderId) {
        const orders = this.connection.getRepository(tx, Order);
        const row = await lockCart(orders.manager, orderId);
        const order = row && (await orders.findOneBy({ id: orderId }));
        if (!order || !isCart(order)) {
            throw noSuchCart(await this.rows(tx).findOneBy({ orderId }));
        }
        return { order, row };
    }

    /** @param {import('@vendure/core').RequestContext} tx */
    async snapshot(tx, orderId) {
        return (await this.reader.read(tx, orderId)).snapshot;
    }

    /**
     * The first answer to a write, if this write was answered before.
     *
     * @param {string} pushId
     * @param {import('@vendure/core').RequestContext} [tx]
     * @returns {Promise<string | undefined>}
     */
    async firstAnswer(pushId, tx) {
        const pushes = tx
            ? this.connection.getRepository(tx, CartbridgePush)
            : this.connection.rawConnection.getRepository(CartbridgePush);
        return (await pushes.findOneBy({ pushId }))?.answer;
    }

    /** @returns {Promise<string>} the answer, as every repeat will get it */
    async keepAnswer(tx, pushId, body) {
        const answer = JSON.stringify(body);
        await this.connection
            .getRepository(tx, CartbridgePush)
            .insert({ pushId, answer, answeredAt: new Date() });
        return answer;
    }

    rows(tx) {
        return this.connection.getRepository(tx, CartbridgeCart);
    }

    async rowOf(code) {
        const row = await this.connection.rawConnection.getRepository(CartbridgeCart).findOneBy({ code });
        if (!row || row.deletedAt) {
            throw noSuchCart(row);
        }
        return row;
    }

    async contextOf(row) {
        const ctx = await this.reader.contextOf(row);
        if (!ctx) {
            throw noSuchCart(row);
        }
        return ctx;
    }
}
injectable(Carts, [TransactionalConnection, SnapshotReader]);

module.exports = { Carts };
