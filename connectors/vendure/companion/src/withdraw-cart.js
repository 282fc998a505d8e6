/** Ends a cart in the shop, for instance because it was sold in the store. */
'use strict';

const { isGraphQlErrorResult, OrderLine, OrderService, TransactionalConnection } = require('@vendure/core');
const { Carts } = require('./carts');
const { injectable } = require('./decorate');
const { CallRefused } = require('./refusal');
const { RevisionTracker } = require('./revision-tracker');

class WithdrawCart {
    constructor(connection, orders, carts, tracker) {
        Object.assign(this, { connection, orders, carts, tracker });
    }

    /**
     * Answers `{snapshot}` of the ended cart, and the same bytes to a repeated push_id; throws
     * CallRefused 409 with the snapshot if it holds what the gateway has not seen.
     *
     * @param {{push_id: string, external_id: string, expected_revision: number}} request
     * @returns {Promise<string>}
     */
    async run(request) {
        const before = await this.carts.firstAnswer(request.push_id);
        return (
            before ??
            this.carts.withCart(request.external_id, (tx, order, row) =>
                this.end(tx, request, order, row),
            )
        );
    }

    async end(tx, request, order, row) {
        const before = await this.carts.firstAnswer(request.push_id, tx);
        if (before !== undefined) {
            return before;
        }
        const refuse = async (code, message) => {
            throw new CallRefused(409, code, message, {
                snapshot: await this.carts.snapshot(tx, order.id),
            });
        };
        if (order.orderPlacedAt) {
            await refuse('cart_ordered', 'This cart was bought online: put it before an operator.');
        }
        if (row.revision !== request.expected_revision && !(await this.isEmpty(tx, order.id))) {
            await refuse('revision_moved', 'The cart changed: start from this snapshot.');
        }
        if (order.active) {
            const result = await this.orders.transitionToState(tx, order.id, 'Cancelled');
            if (isGraphQlErrorResult(result)) {
                await refuse('cart_in_use', `The shop does not end this cart: ${result.transitionError}`);
            }
        }
        const rows = this.carts.rows(tx);
        await this.tracker.touch(rows.manager, order.id);
        await rows.update(
            { id: row.id },
            { lastPush: request.push_id, refused: [], frozenUntil: null, frozenWhere: null },
        );
        const snapshot = await this.carts.snapshot(tx, order.id);
        return this.carts.keepAnswer(tx, request.push_id, { snapshot });
    }

    async isEmpty(tx, orderId) {
        return !(await this.connection.getRepository(tx, OrderLine).existsBy({ order: { id: orderId } }));
    }
}
injectable(WithdrawCart, [TransactionalConnection, OrderService, Carts, RevisionTracker]);

module.exports = { WithdrawCart };
