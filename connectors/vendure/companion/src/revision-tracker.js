/** Raises a cart's revision in the very transaction that changes the cart, whoever changes it. */
'use strict';

const {
    AttemptedLoginEvent,
    AuthenticatedSession,
    EventBus,
    Order,
    OrderEvent,
    OrderLine,
    TransactionalConnection,
} = require('@vendure/core');
const { insertRow, lockCart, raiseRevision } = require('./cart-rows');
const { injectable } = require('./decorate');
const { CartbridgeCart } = require('./entities');
const { typeorm } = require('./vendure-modules');

const { Not } = typeorm;

/** A TypeORM subscriber; what it must remember lives as long as the transaction. */
class RevisionTracker {
    constructor(connection, eventBus) {
        this.connection = connection;
        this.eventBus = eventBus;
        this.transactions = new WeakMap(); // query runner -> what this transaction did
        this.listeners = [];
        connection.rawConnection.subscribers.push(this);
    }

    onApplicationBootstrap() {
        this.eventBus.registerBlockingEventHandler({
            id: 'cartbridge-order-deleted',
            event: OrderEvent,
            handler: async event => {
                if (event.type === 'deleted') {
                    await this.orderDeleted(this.managerOf(event.ctx), event.order);
                }
            },
        });
        this.eventBus.registerBlockingEventHandler({
            id: 'cartbridge-login-attempted',
            event: AttemptedLoginEvent,
            handler: event => this.holdGuestOrder(event.ctx),
        });
    }

    /**
     * Calls `listener` with the order ids of each committed transaction that changed carts.
     *
     * @param {(orderIds: import('@vendure/core').ID[]) => void} listener
     */
    onCommit(listener) {
        this.listeners.push(listener);
    }

    /**
     * Raises the revision once per transaction, however many of its rows changed.
     *
     * @param {import('typeorm').EntityManager} manager
     * @param {import('@vendure/core').ID} orderId
     */
    async touch(manager, orderId) {
        const done = this.transactionOf(manager);
        if (done.raised.has(String(orderId))) {
            return;
        }
        done.raised.add(String(orderId));
        done.changed.set(String(orderId), orderId);
        await raiseRevision(manager, orderId);
        this.tellIfOutsideTransaction(manager.queryRunner);
    }

    async afterInsert(event) {
        const { entity, manager, metadata } = event;
        if (metadata.target === Order && entity?.id) {
            const done = this.transactionOf(manager);
            done.raised.add(String(entity.id));
            done.changed.set(String(entity.id), entity.id);
            await insertRow(manager, entity);
        } else if (metadata.target === OrderLine && entity?.id) {
            await this.touchOrderOf(manager, entity.id);
        } else if (metadata.target === AuthenticatedSession) {
            await this.nameMergeTarget(manager, entity?.activeOrder);
        }
    }

    async afterUpdate(event) {
        const { entity, manager, metadata } = event;
        if (metadata.target === Order && entity?.id) {
            if (entity.state === 'Cancelled') {
                this.transactionOf(manager).ended.set(String(entity.id), entity.id);
            }
            await this.touch(manager, entity.id);
        } else if (metadata.target === OrderLine && entity?.id) {
            await this.touchOrderOf(manager, entity.id);
        }
    }

    /** Before and not after, because afterwards nothing tells which order the line was in. */
    async beforeRemove(event) {
        const lineId = event.entity?.id ?? event.databaseEntity?.id;
        if (event.metadata.target === OrderLine && lineId) {
            await this.touchOrderOf(event.manager, lineId);
        }
    }

    afterTransactionCommit(event) {
        this.tellIfOutsideTransaction(event.queryRunner);
    }

    afterTransactionRollback(event) {
        const done = this.transactions.get(event.queryRunner);
        if (done && event.queryRunner.isTransactionActive) {
            // Only a savepoint went back: what was raised inside it must be raised again.
            done.raised.clear();
            done.ended.clear();
        } else {
            this.transactions.delete(event.queryRunner);
        }
    }

    async orderDeleted(manager, order) {
        const raised = await manager
            .createQueryBuilder()
            .update(CartbridgeCart)
            .set({
                revision: () => 'revision + 1',
                endRevision: () => 'revision + 1',
                changedAt: new Date(),
                deletedAt: new Date(),
            })
            .where({ orderId: order.id })
            .execute();
        if (raised.affected) {
            const done = this.transactionOf(manager);
            done.changed.set(String(order.id), order.id);
            done.ended.set(String(order.id), order.id);
            this.tellIfOutsideTransaction(manager.queryRunner);
        }
    }

    /** At login Vendure ends one of two orders; the session it then opens holds the one that lives. */
    async nameMergeTarget(manager, target) {
        const ended = [...this.transactionOf(manager).ended.values()];
        if (!target || !ended.length) {
            return;
        }
        // The lines moved in this very transaction: nobody sees an earlier revision that holds them.
        const living = await manager.findOneBy(CartbridgeCart, { orderId: target.id });
        const merged = {
            mergedInto: target.code,
            intoRevision: living?.revision ?? null,
            endRevision: () => 'revision',
        };
        for (const orderId of ended) {
            await manager.update(CartbridgeCart, { orderId, code: Not(target.code) }, merged);
        }
    }

    /** Vendure reads the guest's order before it locks anything; a gateway write must not slip in between. */
    async holdGuestOrder(ctx) {
        const manager = this.managerOf(ctx);
        if (ctx.session?.activeOrderId && manager.queryRunner?.isTransactionActive) {
            await lockCart(manager, ctx.session.activeOrderId);
        }
    }

    async touchOrderOf(manager, lineId) {
        const line = await manager
            .createQueryBuilder(OrderLine, 'line')
            .select('line.orderId', 'orderId')
            .where('line.id = :lineId', { lineId })
            .getRawOne();
        if (line?.orderId) {
            await this.touch(manager, line.orderId);
        }
    }

    transactionOf(manager) {
        const runner = manager.queryRunner;
        if (!runner) {
            return { raised: new Set(), changed: new Map(), ended: new Map() };
        }
        if (!this.transactions.has(runner)) {
            this.transactions.set(runner, { raised: new Set(), changed: new Map(), ended: new Map() });
        }
        return this.transactions.get(runner);
    }

    tellIfOutsideTransaction(runner) {
        const done = this.transactions.get(runner);
        if (!done || runner.isTransactionActive) {
            return;
        }
        this.transactions.delete(runner);
        for (const listener of this.listeners) {
            listener([...done.changed.values()]);
        }
    }

    managerOf(ctx) {
        return this.connection.getRepository(ctx, CartbridgeCart).manager;
    }
}
injectable(RevisionTracker, [TransactionalConnection, EventBus]);

module.exports = { RevisionTracker };
