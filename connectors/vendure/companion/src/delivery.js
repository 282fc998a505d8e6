/** Brings every change of every cart to the gateway: through Vendure's job queue, again until taken. */
'use strict';

const { JobQueueService, Logger, Order, TransactionalConnection } = require('@vendure/core');
const { CartMessages } = require('./cart-messages');
const { insertRow } = require('./cart-rows');
const { injectable } = require('./decorate');
const { CartbridgeCart, CartbridgePush } = require('./entities');
const { CONTEXT, GatewayRefused, GatewayUnavailable } = require('./gateway');
const { RevisionTracker } = require('./revision-tracker');
const { OPTIONS } = require('./tokens');
const { typeorm } = require('./vendure-modules');

const { IsNull, LessThan, LessThanOrEqual, MoreThan, Or } = typeorm;

const COALESCE_MS = 50;
const QUICK_RETRIES = 3; // by the job queue; after them the sweep takes over
const BATCH = 500;
const PUSH_MEMORY_MS = 30 * 24 * 3600 * 1000;
// In sweeps, which are a minute apart unless the shop says otherwise.
const FIRST_PAUSE = 0.25;
const LONGEST_PAUSE = 5;
const REFUSED_PAUSE = 10; // somebody has to mend something first

/** A cart is due while its `sentRevision` is behind its `revision`: that row is the outbox. */
class Delivery {
    constructor(connection, jobs, tracker, messages, options) {
        Object.assign(this, { connection, jobs, tracker, messages });
        this.sweepMs = options.sweepSeconds * 1000;
        this.pending = new Map();
    }

    async onModuleInit() {
        this.queue = await this.jobs.createQueue({
            name: 'cartbridge-deliver',
            process: job => this.deliver(job.data.orderId),
        });
        this.tracker.onCommit(orderIds => orderIds.forEach(orderId => this.soon(orderId)));
    }

    async onApplicationBootstrap() {
        await this.beginRows();
        await this.sweep({ everything: true });
        const sweep = () =>
            this.sweep({ everything: false }).catch(error => logFailure('look for unsent carts', error));
        this.timer = setInterval(sweep, this.sweepMs);
        this.timer.unref();
    }

    onModuleDestroy() {
        clearInterval(this.timer);
        this.pending.forEach(timer => clearTimeout(timer));
    }

    /** One shopper action may be several transactions: they become one message. */
    soon(orderId) {
        const key = String(orderId);
        if (this.pending.has(key)) {
            return;
        }
        const queue = () => {
            this.pending.delete(key);
            this.enqueue(orderId).catch(error => logFailure('queue a cart', error));
        };
        this.pending.set(key, setTimeout(queue, COALESCE_MS));
    }

    enqueue(orderId) {
        return this.queue.add({ orderId }, { retries: QUICK_RETRIES });
    }

    /**
     * Queues each cart that is behind: after a crash, after a failed job, after an outage.
     *
     * @param {{everything: boolean}} what also those that changed a moment ago, whose job may be gone
     */
    async sweep({ everything }) {
        const forgotten = LessThan(Date.now() - PUSH_MEMORY_MS);
        await this.rows().manager.delete(CartbridgePush, { answeredAt: forgotten });
        for (let due = await this.due(everything); due.length; due = await this.due(everything)) {
            for (const row of due) {
                if (await this.lease(row)) {
                    await this.enqueue(row.orderId);
                }
            }
        }
    }

    due(everything) {
        const now = Date.now();
        const quietSince = everything ? now : now - this.sweepMs;
        return this.rows()
            .createQueryBuilder('cart')
            .where('cart.sentRevision < cart.revision')
            .andWhere('(cart.retryAt IS NULL OR cart.retryAt <= :now)', { now })
            .andWhere('(cart.attempts > 0 OR cart.changedAt <= :quietSince)', { quietSince })
            .orderBy('cart.id')
            .limit(BATCH)
            .getMany();
    }

    /** Of several processes that sweep, one queues the cart. */
    async lease(row) {
        const now = Date.now();
        const leased = await this.rows().update(
            { id: row.id, retryAt: Or(IsNull(), LessThanOrEqual(now)) },
            { retryAt: new Date(now + this.sweepMs) },
        );
        return leased.affected === 1;
    }

    /** Orders that are older than the plugin are listed to the gateway, not thrown at it. */
    async beginRows() {
        const { manager } = this.connection.rawConnection;
        const next = () =>
            manager
                .createQueryBuilder(Order, 'o')
                .leftJoin(CartbridgeCart, 'cart', 'cart.orderId = o.id')
                .where('cart.id IS NULL AND o.active = :active', { active: true })
                .limit(BATCH)
                .getMany();
        for (let orders = await next(); orders.length; orders = await next()) {
            for (const order of orders) {
                await insertRow(manager, order, { sentRevision: 1 });
            }
        }
    }

    async deliver(orderId) {
        const row = await this.rows().findOneBy({ orderId });
        if (!row || row.sentRevision >= row.revision) {
            return { sent: 'nothing new' };
        }
        try {
            const revision = await this.messages.send(row);
            await this.markSent(row, revision);
            return { sent: row.code, revision };
        } catch (error) {
            await this.markFailed(row, error);
            if (error instanceof GatewayRefused) {
                const seconds = Math.round((REFUSED_PAUSE * this.sweepMs) / 1000);
                Logger.error(`${error.message} It is tried again in ${seconds} seconds.`, CONTEXT);
                return { refused: error.status };
            }
            throw error;
        }
    }

    async markSent(row, revision) {
        await this.rows().update(
            { id: row.id, sentRevision: LessThan(revision) },
            { sentRevision: revision, attempts: 0, retryAt: null },
        );
        if (row.attempts > 0) {
            // The gateway is back: what waits for its next attempt need not wait longer.
            await this.rows().update({ attempts: MoreThan(0) }, { retryAt: null });
            await this.sweep({ everything: false });
        }
    }

    async markFailed(row, error) {
        const retryAt = new Date(Date.now() + this.pauseAfter(error, row.attempts));
        await this.rows().update({ id: row.id }, { attempts: row.attempts + 1, retryAt });
    }

    pauseAfter(error, attempts) {
        if (error instanceof GatewayRefused) {
            return REFUSED_PAUSE * this.sweepMs;
        }
        const asked = error instanceof GatewayUnavailable ? error.retryAfterSeconds : null;
        const pause = asked === null ? FIRST_PAUSE * 2 ** attempts * this.sweepMs : asked * 1000;
        return Math.min(pause, LONGEST_PAUSE * this.sweepMs);
    }

    rows() {
        return this.connection.rawConnection.getRepository(CartbridgeCart);
    }
}
injectable(Delivery, [
    TransactionalConnection,
    JobQueueService,
    RevisionTracker,
    CartMessages,
    OPTIONS,
]);

function logFailure(what, error) {
    Logger.error(`Could not ${what}, will try again: ${error.message}`, CONTEXT, error.stack);
}

module.exports = { Delivery };
