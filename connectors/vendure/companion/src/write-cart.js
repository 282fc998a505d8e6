/** Takes a conditional write of the gateway: wholly, once, and only on the revision it knew. */
'use strict';

const {
    Customer,
    OrderService,
    RequestContextService,
    TransactionalConnection,
} = require('@vendure/core');
const { lockCustomer } = require('./active-order');
const { Carts } = require('./carts');
const { injectable } = require('./decorate');
const { OrderContent } = require('./order-content');
const { PublicIds } = require('./public-ids');
const { CallRefused } = require('./refusal');
const { RevisionTracker } = require('./revision-tracker');
const { OPTIONS } = require('./tokens');
const { typeorm } = require('./vendure-modules');

const { IsNull } = typeorm;

class WriteCart {
    constructor(connection, orders, contexts, ids, carts, content, tracker, options) {
        Object.assign(this, { connection, orders, contexts, ids, carts, content, tracker, options });
    }

    /**
     * Answers `{snapshot, refused, created}`, and the same bytes to a repeated push_id; throws
     * CallRefused 409 with the snapshot when the cart is at another revision.
     *
     * @param {object} request a checked `carts/write`
     * @returns {Promise<string>}
     */
    async run(request) {
        const before = await this.carts.firstAnswer(request.push_id);
        if (before !== undefined) {
            return before;
        }
        if (request.external_id) {
            return this.carts.withCart(request.external_id, (tx, order, row) =>
                this.write(tx, request, { order, row, created: false }),
            );
        }
        const ctx = await this.contexts.create({
            apiType: 'shop',
            channelOrToken: this.options.channelToken,
            languageCode: languageOf(request.locale),
        });
        return this.carts.inTransaction(ctx, async tx =>
            this.write(tx, request, await this.cartOfCustomer(tx, request.customer.external_id)),
        );
    }

    async write(tx, request, { order, row, created }) {
        const before = await this.carts.firstAnswer(request.push_id, tx);
        if (before !== undefined) {
            return before;
        }
        if (!created && row.revision !== (request.base_revision ?? 0)) {
            throw new CallRefused(409, 'revision_moved', 'The cart changed: start from this snapshot.', {
                snapshot: await this.carts.snapshot(tx, order.id),
            });
        }
        const refused = await this.content.apply(tx, order, request);
        const rows = this.carts.rows(tx);
        await this.tracker.touch(rows.manager, order.id);
        await rows.update(
            { id: row.id },
            {
                lastPush: request.push_id,
                refused,
                ...(request.locale && { locale: languageOf(request.locale) }),
            },
        );
        const snapshot = await this.carts.snapshot(tx, order.id);
        return this.carts.keepAnswer(tx, request.push_id, { snapshot, refused, created });
    }

    /** The customer is held meanwhile, so that her own device cannot begin a second cart. */
    async cartOfCustomer(tx, externalId) {
        const customers = this.connection.getRepository(tx, Customer);
        const customer = await customers.findOne({
            where: { id: this.ids.decode(externalId), deletedAt: IsNull() },
            relations: { user: true },
        });
        if (!customer?.user) {
            throw new CallRefused(
                404,
                'customer_not_found',
                'The shop has no customer account with this external_id: write to a cart by its external_id.',
            );
        }
        await lockCustomer(customers.manager, customer.id);
        const active = await this.orders.getActiveOrderForUser(tx, customer.user.id);
        const order = active ?? (await this.orders.create(tx, customer.user.id));
        return { ...(await this.carts.lock(tx, order.id)), created: !active };
    }
}
injectable(WriteCart, [
    TransactionalConnection,
    OrderService,
    RequestContextService,
    PublicIds,
    Carts,
    OrderContent,
    RevisionTracker,
    OPTIONS,
]);

/** Vendure knows languages as `fr` or `pt_BR`, the gateway speaks of `fr-FR`. */
function languageOf(locale) {
    const [language, region] = (locale ?? '').split(/[-_]/);
    if (!language) {
        return undefined;
    }
    return ['pt', 'zh'].includes(language) && region ? `${language}_${region}` : language;
}

module.exports = { WriteCart };
