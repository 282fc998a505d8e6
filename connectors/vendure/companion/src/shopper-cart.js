/** What a shopper does with the store from her own session: join a cart, show her pass. */
'use strict';

const {
    ActiveOrderService,
    CustomerService,
    TransactionalConnection,
} = require('@vendure/core');
const { injectable } = require('./decorate');
const { Gateway, GatewayRefused, GatewayUnavailable, logGatewayError } = require('./gateway');
const { PublicIds } = require('./public-ids');

const LONGEST_CODE = 200;
const REASON_OF = { 404: 'unknown_code', 409: 'bound_to_someone_else', 410: 'no_longer_valid' };

/** Only ever the session's own active order; the gateway's key stays in this process. */
class ShopperCart {
    constructor(connection, activeOrders, customers, ids, gateway) {
        Object.assign(this, { connection, activeOrders, customers, ids, gateway });
    }

    /**
     * Joins the session's order, begun if need be, to the cart of `code`.
     *
     * @param {import('@vendure/core').RequestContext} ctx
     * @param {string} code
     * @returns {Promise<{orderCode: string} | {reason: string}>}
     */
    async join(ctx, code) {
        const trimmed = code.trim();
        if (!trimmed || trimmed.length > LONGEST_CODE) {
            return { reason: 'unknown_code' };
        }
        // Committed before the gateway is called: it may read or write the cart at once.
        const order = await this.connection.withTransaction(ctx, tx =>
            this.activeOrders.getActiveOrder(tx, undefined, true),
        );
        const customer = await this.customerOf(ctx);
        return this.orUnavailable(async () => {
            const status = await this.gateway.join(trimmed, order.code, customer);
            return status in REASON_OF ? { reason: REASON_OF[status] } : { orderCode: order.code };
        });
    }

    /**
     * The pass of the session's active order and a fresh code for it.
     *
     * @param {import('@vendure/core').RequestContext} ctx
     * @returns {Promise<{handover: object} | {reason: string}>}
     */
    async pass(ctx) {
        const order = ctx.session && (await this.activeOrders.getActiveOrder(ctx, undefined));
        if (!order) {
            return { reason: 'no_cart' };
        }
        return this.orUnavailable(async () => {
            const handover = await this.gateway.mintCode(order.code);
            return handover ? { handover } : { reason: 'not_ready' };
        });
    }

    async customerOf(ctx) {
        const customer =
            ctx.activeUserId && (await this.customers.findOneByUserId(ctx, ctx.activeUserId));
        if (!customer) {
            return undefined;
        }
        return {
            external_id: this.ids.encode(customer.id),
            ...(customer.emailAddress && { email: customer.emailAddress }),
        };
    }

    async orUnavailable(ask) {
        try {
            return await ask();
        } catch (error) {
            if (error instanceof GatewayUnavailable || error instanceof GatewayRefused) {
                logGatewayError(error);
                return { reason: 'unavailable' };
            }
            throw error;
        }
    }
}
injectable(ShopperCart, [
    TransactionalConnection,
    ActiveOrderService,
    CustomerService,
    PublicIds,
    Gateway,
]);

module.exports = { ShopperCart };
