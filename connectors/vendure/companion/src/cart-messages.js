/** Decides what the gateway is told of a cart: how it is now, that it was bought, or that it is gone. */
'use strict';

const { TransactionalConnection } = require('@vendure/core');
const { injectable } = require('./decorate');
const { CartbridgeCart } = require('./entities');
const { Gateway } = require('./gateway');
const { SnapshotReader } = require('./snapshot');
const { isCart } = require('./what-is-a-cart');

/** A message's id is made of cart, revision and type, so a retry is the same message. */
class CartMessages {
    constructor(connection, reader, gateway) {
        Object.assign(this, { connection, reader, gateway });
    }

    /**
     * Tells the gateway what it does not know yet; answers the revision that it then has.
     *
     * @param {CartbridgeCart} row
     * @returns {Promise<number>}
     */
    async send(row) {
        if (row.deletedAt) {
            return this.sendDeleted(row, row.deletedAt);
        }
        const ctx = await this.reader.contextOf(row);
        const read = ctx && (await this.reader.read(ctx, row.orderId));
        if (!read) {
            throw new Error(`Order ${row.code} was deleted past Vendure: delete its cartbridge_cart row.`);
        }
        if (!isCart(read.order)) {
            return read.row.revision;
        }
        if (read.row.mergedInto) {
            return this.sendDeleted(read.row, read.row.changedAt);
        }
        if (read.order.orderPlacedAt) {
            return this.sendOrdered(read);
        }
        await this.say(read.row, read.row.revision, 'cart.snapshot', read.snapshot);
        return read.row.revision;
    }

    async sendDeleted(row, at) {
        await this.say(row, row.endRevision, 'cart.deleted', {
            external_id: row.code,
            revision: row.endRevision,
            at: at.toISOString(),
            merged_into: row.mergedInto,
            into_revision: row.intoRevision,
        });
        return row.revision;
    }

    /** Told once; what becomes of the goods afterwards is not the cart's story. */
    async sendOrdered({ order, row, snapshot }) {
        const told = row.endRevision !== null && row.sentRevision >= row.endRevision;
        if (told) {
            return row.revision;
        }
        if (row.sentRevision === 0) {
            await this.say(row, row.revision, 'cart.snapshot', snapshot); // the gateway never saw it
        }
        const revision = row.endRevision ?? row.revision;
        const rows = this.connection.rawConnection.getRepository(CartbridgeCart);
        await rows.update({ id: row.id }, { endRevision: revision });
        await this.say(row, revision, 'cart.ordered', {
            external_id: row.code,
            revision,
            at: order.orderPlacedAt.toISOString(),
            order_number: order.code,
            lines: snapshot.lines
                .filter(line => line.kind !== 'fee')
                .map(line => ({ sku: line.sku, quantity: line.quantity })),
        });
        return row.revision;
    }

    say(row, revision, type, data) {
        return this.gateway.deliver(`${row.code}-${revision}-${type}`, type, data);
    }
}
injectable(CartMessages, [TransactionalConnection, SnapshotReader, Gateway]);

module.exports = { CartMessages };
