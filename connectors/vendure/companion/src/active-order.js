/** Makes the changes of one cart wait for each other, which Vendure by itself does not. */
'use strict';

const { Customer, CustomerService, Order, OrderService, TransactionalConnection } = require('@vendure/core');
const { lockCart } = require('./cart-rows');
const { CartbridgeCart } = require('./entities');

const ATTEMPTS = 5;

/**
 * Wraps the shop's own ActiveOrderStrategy: inside a mutation the order it finds is locked before
 * anything of it is read, so neither two shopper actions nor a gateway write overwrite each other.
 */
class LockedActiveOrder {
    /** @param {import('@vendure/core').ActiveOrderStrategy} inner */
    constructor(inner) {
        this.inner = inner;
        this.name = inner.name;
        if (inner.defineInputType) {
            this.defineInputType = () => inner.defineInputType();
        }
        if (inner.createActiveOrder) {
            this.createActiveOrder = (ctx, input) => this.createOnce(ctx, input);
        }
    }

    async init(injector) {
        this.connection = injector.get(TransactionalConnection);
        this.customers = injector.get(CustomerService);
        await this.inner.init?.(injector);
    }

    async destroy() {
        await this.inner.destroy?.();
    }

    async determineActiveOrder(ctx, input) {
        let order = await this.inner.determineActiveOrder(ctx, input);
        const { manager } = this.connection.getRepository(ctx, Order);
        if (!manager.queryRunner?.isTransactionActive) {
            return order;
        }
        // While we waited the order may have been bought, merged or deleted: look again.
        for (let attempt = 0; order && attempt < ATTEMPTS; attempt += 1) {
            const row = await lockCart(manager, order.id);
            const again = await this.inner.determineActiveOrder(ctx, input);
            if (row && again?.id === order.id) {
                await this.keepLocale(manager, row, ctx.languageCode);
                return again;
            }
            order = again;
        }
        return order;
    }

    /** Without this, two devices of one customer that add at the same moment get one order each. */
    async createOnce(ctx, input) {
        const { manager } = this.connection.getRepository(ctx, Order);
        const customer =
            ctx.activeUserId && (await this.customers.findOneByUserId(ctx, ctx.activeUserId));
        if (customer && manager.queryRunner?.isTransactionActive) {
            await lockCustomer(manager, customer.id);
            const order = await this.determineActiveOrder(ctx, input);
            if (order) {
                return order;
            }
        }
        return this.inner.createActiveOrder(ctx, input);
    }

    async keepLocale(manager, row, locale) {
        if (row.locale !== locale) {
            await manager.update(CartbridgeCart, { id: row.id }, { locale });
        }
    }
}

/**
 * Holds a customer until the transaction of `manager` ends, so that only one cart is begun.
 *
 * @param {import('typeorm').EntityManager} manager inside a transaction
 * @param {import('@vendure/core').ID} customerId
 */
function lockCustomer(manager, customerId) {
    return manager
        .createQueryBuilder(Customer, 'customer')
        .select(['customer.id'])
        .setLock('pessimistic_write')
        .where('customer.id = :customerId', { customerId })
        .getOne();
}

/** Wraps the shop's own OrderMergeStrategy: it decides on the account's lines as they are now. */
class FreshMerge {
    /** @param {import('@vendure/core').OrderMergeStrategy} inner */
    constructor(inner) {
        this.inner = inner;
    }

    async init(injector) {
        this.orders = injector.get(OrderService);
        await this.inner.init?.(injector);
    }

    async destroy() {
        await this.inner.destroy?.();
    }

    async merge(ctx, guestOrder, existingOrder) {
        // Vendure read the account's order before it locked it; a gateway write may lie between.
        const fresh = await this.orders.findOne(ctx, existingOrder.id);
        if (fresh) {
            existingOrder.lines = fresh.lines;
        }
        return this.inner.merge(ctx, guestOrder, existingOrder);
    }
}

module.exports = { FreshMerge, LockedActiveOrder, lockCustomer };
