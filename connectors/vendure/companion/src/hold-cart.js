/** Stops the online checkout of a cart while a till holds it, and gives it back. */
'use strict';

const { isGraphQlErrorResult, OrderService, Payment, TransactionalConnection } = require('@vendure/core');
const { Carts } = require('./carts');
const { injectable } = require('./decorate');
const { CartbridgeCart } = require('./entities');
const { say } = require('./messages');
const { CallRefused } = require('./refusal');
const { frozenOf } = require('./snapshot');
const { typeorm } = require('./vendure-modules');

const { In } = typeorm;

const PAYING = new Set(['ArrangingPayment', 'PaymentAuthorized', 'PaymentSettled']);

/** Lines stay open to the shopper: only paying is stopped. */
class HoldCart {
    constructor(connection, orders, carts) {
        Object.assign(this, { connection, orders, carts });
    }

    /**
     * Answers `{snapshot}`; throws CallRefused 409 if the cart has ended or is being paid.
     *
     * @param {{external_id: string, until: string, where: string}} request
     */
    freeze({ external_id, until, where }) {
        return this.carts.withCart(external_id, async (tx, order, row) => {
            const refuse = async (code, message) => {
                throw new CallRefused(409, code, message, {
                    snapshot: await this.carts.snapshot(tx, order.id),
                });
            };
            if (!order.active) {
                await refuse('cart_ended', 'This cart was bought or ended in the shop: nothing to hold.');
            }
            if (await this.hasPayment(tx, order.id)) {
                await refuse('cart_has_payment', 'This cart carries an online payment: finish it there.');
            }
            if (order.state === 'ArrangingPayment') {
                await this.leaveCheckout(tx, order.id);
            }
            return this.set(tx, order.id, row, { frozenUntil: new Date(until), frozenWhere: where });
        });
    }

    /**
     * Answers `{snapshot}`, also for a cart that was not frozen.
     *
     * @param {{external_id: string}} request
     */
    thaw({ external_id }) {
        return this.carts.withCart(external_id, (tx, order, row) =>
            this.set(tx, order.id, row, { frozenUntil: null, frozenWhere: null }),
        );
    }

    async set(tx, orderId, row, change) {
        await this.carts.rows(tx).update({ id: row.id }, change);
        return { snapshot: await this.carts.snapshot(tx, orderId) };
    }

    async hasPayment(tx, orderId) {
        return this.connection
            .getRepository(tx, Payment)
            .existsBy({ order: { id: orderId }, state: In(['Authorized', 'Settled']) });
    }

    async leaveCheckout(tx, orderId) {
        const result = await this.orders.transitionToState(tx, orderId, 'AddingItems');
        if (isGraphQlErrorResult(result)) {
            throw new CallRefused(
                409,
                'cart_in_checkout',
                `The shop does not let this cart leave its checkout: ${result.transitionError}`,
            );
        }
    }
}
injectable(HoldCart, [TransactionalConnection, OrderService, Carts]);

/** The part of Vendure's order process that says no, in the shopper's language. */
class FrozenOrderProcess {
    init(injector) {
        this.connection = injector.get(TransactionalConnection);
    }

    async onTransitionStart(fromState, toState, { ctx, order }) {
        if (!PAYING.has(toState) || !order.active) {
            return undefined;
        }
        const rows = this.connection.getRepository(ctx, CartbridgeCart);
        const row = await rows.findOneBy({ orderId: order.id });
        return frozenMessage(ctx.languageCode, row, new Date());
    }
}

/**
 * What the shopper reads while a till holds the cart; undefined while none does.
 *
 * @param {string} languageCode
 * @param {CartbridgeCart | null} row
 * @param {Date} now
 * @returns {string | undefined}
 */
function frozenMessage(languageCode, row, now) {
    const frozen = frozenOf(row, now);
    if (!frozen) {
        return undefined;
    }
    return say(languageCode, 'frozen', {
        where: frozen.where.replace(/[{}<>]/g, ''), // Vendure's translator would read them as markup
        minutes: Math.ceil((row.frozenUntil - now) / 60_000),
    });
}

module.exports = { FrozenOrderProcess, HoldCart, frozenMessage };
