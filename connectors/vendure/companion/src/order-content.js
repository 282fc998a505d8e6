/** Makes an order hold exactly the wanted articles and codes, as far as the shop allows it. */
'use strict';

const { OrderService, ProductVariant, TransactionalConnection } = require('@vendure/core');
const { injectable } = require('./decorate');
const { typeorm } = require('./vendure-modules');

const { IsNull } = typeorm;

const REASONS = {
    INSUFFICIENT_STOCK_ERROR: 'insufficient_stock',
    ORDER_LIMIT_ERROR: 'order_limit',
    ORDER_INTERCEPTOR_ERROR: 'refused_by_shop',
    COUPON_CODE_INVALID_ERROR: 'code_unknown',
    COUPON_CODE_EXPIRED_ERROR: 'code_expired',
    COUPON_CODE_LIMIT_ERROR: 'code_used_up',
};

/** Only what differs is changed, through OrderService: Vendure sets every price and promotion. */
class OrderContent {
    constructor(connection, orders) {
        Object.assign(this, { connection, orders });
    }

    /**
     * Answers what the shop did not accept, with what is really in the order.
     *
     * @param {import('@vendure/core').RequestContext} ctx inside a transaction
     * @param {import('@vendure/core').Order} order
     * @param {{lines: {sku: string, quantity: number}[], codes: string[]}} wish
     * @returns {Promise<object[]>}
     */
    async apply(ctx, order, { lines, codes }) {
        const wanted = new Map();
        for (const { sku, quantity } of lines) {
            wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
        }
        const locked = reasonAgainstChange(order);
        const reasons = new Map();
        if (!locked) {
            await this.reduce(ctx, order.id, wanted, reasons);
            await this.increase(ctx, order.id, wanted, reasons);
        }
        const refusedCodes = await this.setCodes(ctx, order.id, codes, locked);
        const present = quantities(await this.linesOf(ctx, order.id));
        const refused = [...new Set([...wanted.keys(), ...present.keys()])]
            .map(sku => ({ sku, wanted: wanted.get(sku) ?? 0, accepted: present.get(sku) ?? 0 }))
            .filter(line => line.wanted !== line.accepted)
            .map(line => ({ ...line, reason: locked ?? reasons.get(line.sku) ?? 'refused_by_shop' }));
        return [...refused, ...refusedCodes];
    }

    /** What a SKU loses is taken from its youngest line. */
    async reduce(ctx, orderId, wanted, reasons) {
        const lines = await this.linesOf(ctx, orderId);
        const present = quantities(lines);
        const changes = [];
        for (const line of lines.reverse()) {
            const { sku } = line.productVariant;
            const surplus = present.get(sku) - (wanted.get(sku) ?? 0);
            if (surplus > 0) {
                const less = Math.min(surplus, line.quantity);
                present.set(sku, present.get(sku) - less);
                changes.push({ sku, orderLineId: line.id, quantity: line.quantity - less });
            }
        }
        await this.adjust(ctx, orderId, changes, reasons);
    }

    /** What a SKU gains goes to its oldest line. */
    async increase(ctx, orderId, wanted, reasons) {
        const lines = await this.linesOf(ctx, orderId);
        const present = quantities(lines);
        const changes = [];
        const additions = [];
        for (const [sku, quantity] of wanted) {
            const missing = quantity - (present.get(sku) ?? 0);
            const oldest = lines.find(line => line.productVariant.sku === sku);
            if (missing > 0 && oldest) {
                changes.push({ sku, orderLineId: oldest.id, quantity: oldest.quantity + missing });
            } else if (missing > 0) {
                additions.push({ sku, quantity: missing });
            }
        }
        await this.adjust(ctx, orderId, changes, reasons);
        await this.add(ctx, orderId, additions, reasons);
    }

    async adjust(ctx, orderId, changes, reasons) {
        if (changes.length) {
            const { errorResults } = await this.orders.adjustOrderLines(ctx, orderId, changes);
            await this.explain(ctx, orderId, changes, errorResults, reasons);
        }
    }

    async add(ctx, orderId, additions, reasons) {
        const items = [];
        for (const { sku, quantity } of additions) {
            const { id, reason } = await this.sellable(ctx, sku);
            if (reason) {
                reasons.set(sku, reason);
            } else {
                items.push({ sku, productVariantId: id, quantity });
            }
        }
        if (items.length) {
            const { errorResults } = await this.orders.addItemsToOrder(ctx, orderId, items);
            await this.explain(ctx, orderId, items, errorResults, reasons);
        }
    }

    /** Vendure's errors do not say which line they are about, but come in the order of the lines. */
    async explain(ctx, orderId, asked, errors, reasons) {
        if (errors.length === 0) {
            return;
        }
        const lines = await this.linesOf(ctx, orderId);
        const unmet = asked.filter(({ sku, orderLineId, quantity }) => {
            const line = orderLineId
                ? lines.find(one => one.id === orderLineId)
                : lines.find(one => one.productVariant.sku === sku);
            return (line?.quantity ?? 0) !== quantity;
        });
        unmet.forEach(({ sku }, index) => {
            const error = errors[unmet.length === errors.length ? index : 0];
            reasons.set(sku, REASONS[error.errorCode] ?? 'refused_by_shop');
        });
    }

    async sellable(ctx, sku) {
        const found = await this.connection.getRepository(ctx, ProductVariant).find({
            where: { sku, deletedAt: IsNull(), channels: { id: ctx.channelId } },
            relations: { product: true },
            order: { id: 'ASC' },
        });
        const sold = found.find(one => one.enabled && one.product.enabled && !one.product.deletedAt);
        return { id: sold?.id, reason: sold ? undefined : found.length ? 'disabled' : 'unknown_sku' };
    }

    async setCodes(ctx, orderId, wanted, locked) {
        const order = await this.orders.findOne(ctx, orderId, []);
        const among = codes => code => codes.some(one => one.toLowerCase() === code.toLowerCase());
        const gone = order.couponCodes.filter(code => !among(wanted)(code));
        const fresh = wanted.filter(code => !among(order.couponCodes)(code));
        if (locked) {
            return fresh.map(code => ({ code, reason: locked }));
        }
        for (const code of gone) {
            await this.orders.removeCouponCode(ctx, orderId, code);
        }
        const refused = [];
        for (const code of fresh) {
            const result = await this.orders.applyCouponCode(ctx, orderId, code);
            if ('errorCode' in result) {
                refused.push({ code, reason: REASONS[result.errorCode] ?? 'refused_by_shop' });
            }
        }
        return refused;
    }

    /** Oldest first. */
    async linesOf(ctx, orderId) {
        const order = await this.orders.findOne(ctx, orderId, ['lines', 'lines.productVariant']);
        return [...order.lines].sort((one, other) => one.createdAt - other.createdAt);
    }
}
injectable(OrderContent, [TransactionalConnection, OrderService]);

function quantities(lines) {
    const sums = new Map();
    for (const { productVariant, quantity } of lines) {
        sums.set(productVariant.sku, (sums.get(productVariant.sku) ?? 0) + quantity);
    }
    return sums;
}

function reasonAgainstChange(order) {
    if (!order.active) {
        return 'cart_ended';
    }
    return order.state === 'AddingItems' ? undefined : 'cart_in_checkout';
}

module.exports = { OrderContent };
