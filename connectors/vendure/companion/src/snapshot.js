/** Reads a cart out of Vendure as the snapshot that the gateway understands. */
'use strict';

const {
    ChannelService,
    Order,
    OrderLine,
    RequestContextService,
    TransactionalConnection,
} = require('@vendure/core');
const { settle } = require('./amounts');
const { CartLines } = require('./cart-lines');
const { injectable } = require('./decorate');
const { CartbridgeCart } = require('./entities');
const { PublicIds } = require('./public-ids');

const READS = 20;

/** Speaks of one order at one revision; never of an order that changed while it was read. */
class SnapshotReader {
    constructor(connection, contexts, channels, lines, ids) {
        Object.assign(this, { connection, contexts, channels, lines, ids });
    }

    /**
     * The request context in which the order's own channel, language and currency hold; undefined
     * if the order is gone.
     *
     * @param {CartbridgeCart} row
     */
    async contextOf(row) {
        const order = await this.connection.rawConnection.getRepository(Order).findOne({
            where: { id: row.orderId },
            relations: { channels: true },
        });
        if (!order) {
            return undefined;
        }
        const standard = await this.channels.getDefaultChannel();
        const channel = order.channels.find(one => one.id !== standard.id) ?? standard;
        return this.contexts.create({
            apiType: 'shop',
            channelOrToken: channel.token,
            languageCode: row.locale ?? undefined,
            currencyCode: order.currencyCode,
        });
    }

    /**
     * The snapshot and the row it speaks of, read again until no change came in between.
     *
     * @param {import('@vendure/core').RequestContext} ctx
     * @param {import('@vendure/core').ID} orderId
     * @returns {Promise<{order: Order, row: CartbridgeCart, snapshot: object} | undefined>}
     */
    async read(ctx, orderId) {
        const rows = this.connection.getRepository(ctx, CartbridgeCart);
        for (let attempt = 0; attempt < READS; attempt += 1) {
            const row = await rows.findOneByOrFail({ orderId });
            const found = await this.load(ctx, orderId);
            const now = await rows.findOneByOrFail({ orderId });
            if (now.revision === row.revision) {
                return found && { ...found, row: now, snapshot: this.write(ctx, now, found) };
            }
        }
        throw new Error(`The cart of order ${orderId} changes faster than it can be read.`);
    }

    /**
     * What is left to say of a cart whose order Vendure deleted.
     *
     * @param {CartbridgeCart} row
     */
    async ofDeleted(row) {
        const channel = await this.channels.getDefaultChannel();
        return {
            ...this.head(row),
            ...mergeOf(row),
            state: 'Deleted',
            active: false,
            currency: row.currency ?? channel.defaultCurrencyCode,
            locale: row.locale ?? channel.defaultLanguageCode,
            tax_mode: channel.pricesIncludeTax ? 'inclusive' : 'exclusive',
            customer: null,
            codes: [],
            shipping: 0,
            frozen: null,
            lines: [],
            total: 0,
            total_tax: 0,
        };
    }

    async load(ctx, orderId) {
        const order = await this.connection.getRepository(ctx, Order).findOne({
            where: { id: orderId },
            relations: { customer: true, promotions: true, surcharges: true },
        });
        const lines = await this.connection.getRepository(ctx, OrderLine).find({
            where: { order: { id: orderId } },
            relations: {
                featuredAsset: true,
                productVariant: {
                    featuredAsset: true,
                    options: true,
                    product: { featuredAsset: true },
                },
            },
            order: { createdAt: 'ASC', id: 'ASC' },
        });
        return order ? { order, lines } : undefined;
    }

    write(ctx, row, { order, lines }) {
        const inclusive = ctx.channel.pricesIncludeTax;
        const codes = new Map(order.promotions.map(one => [String(one.id), one.couponCode || null]));
        const snapshot = {
            ...this.head(row),
            state: order.state,
            active: order.active,
            currency: order.currencyCode,
            locale: (row.locale ?? ctx.languageCode).replace('_', '-'),
            tax_mode: inclusive ? 'inclusive' : 'exclusive',
            customer: this.customer(order.customer),
            codes: [...order.couponCodes],
            shipping: inclusive ? order.shippingWithTax : order.shipping,
            frozen: frozenOf(row, new Date()),
            lines: [
                ...lines.map(line => this.lines.article(ctx, line, inclusive, codes)),
                ...order.surcharges.map(surcharge => this.lines.fee(surcharge, inclusive)),
            ],
            total: inclusive ? order.totalWithTax : order.total,
            total_tax: order.totalWithTax - order.total,
            // Vendure only cancels a joined order that a payment points to, instead of deleting it.
            ...(row.mergedInto && mergeOf(row)),
        };
        settle(snapshot);
        return snapshot;
    }

    head(row) {
        return {
            external_id: row.code,
            revision: row.revision,
            last_push: row.lastPush,
            refused: row.refused ?? [],
            updated_at: row.changedAt.toISOString(),
        };
    }

    customer(customer) {
        return customer
            ? {
                  external_id: this.ids.encode(customer.id),
                  email: customer.emailAddress || null,
                  phone: customer.phoneNumber || null,
                  first_name: customer.firstName || null,
                  last_name: customer.lastName || null,
              }
            : null;
    }
}
injectable(SnapshotReader, [
    TransactionalConnection,
    RequestContextService,
    ChannelService,
    CartLines,
    PublicIds,
]);

function mergeOf(row) {
    return { merged_into: row.mergedInto, into_revision: row.intoRevision };
}

/**
 * Until when and where a till holds the cart; null once that time has passed.
 *
 * @param {CartbridgeCart | null} row
 * @param {Date} now
 * @returns {{until: string, where: string} | null}
 */
function frozenOf(row, now) {
    return row?.frozenUntil && row.frozenUntil > now
        ? { until: row.frozenUntil.toISOString(), where: row.frozenWhere }
        : null;
}

module.exports = { SnapshotReader, frozenOf };
