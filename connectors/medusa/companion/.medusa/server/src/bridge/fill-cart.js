/** Makes a cart hold the wanted articles and codes, as far as the shop allows each of them. */
'use strict';

const crypto = require('node:crypto');
const { ContainerRegistrationKeys, getVariantAvailability, PromotionActions } = require('@medusajs/framework/utils');
const {
    addToCartWorkflow,
    updateCartPromotionsWorkflow,
    updateLineItemInCartWorkflow,
} = require('@medusajs/medusa/core-flows');
const { ASKED_GTIN, articleOf, keyOf } = require('./articles');
const { oldestFirst, readCart } = require('./content');
const { findVariants } = require('./find-variants');
const { quantities } = require('./refused');

const NO_STOCK = 'insufficient_inventory';
const BROKEN = new Set(['conflict', 'database_error', 'unexpected_state']);

/**
 * Medusa takes a change whole or not at all, so each article and each code is a change of its own,
 * made by Medusa's own workflows. Only what differs is changed. Works within the cart's lock.
 */
class FillCart {
    constructor(container, cartId, eventGroupId) {
        Object.assign(this, { container, cartId, eventGroupId });
        this.query = container.resolve(ContainerRegistrationKeys.QUERY);
        this.reasons = new Map();
    }

    /**
     * Answers the reasons for what the shop did not take, by article key or `code:` and code.
     *
     * @param {{lines: object[], codes: string[]}} wish
     * @returns {Promise<Map<string, string>>}
     */
    async run(wish) {
        const cart = await readCart(this.container, this.cartId);
        const rows = oldestFirst(cart.items ?? []).map(item => ({
            ...articleOf(item),
            id: item.id,
            variantId: item.variant_id,
            quantity: Number(item.quantity),
        }));
        const wanted = quantities(wish.lines);
        await this.reduce(rows, wanted);
        await this.increase(cart, rows, wish.lines, wanted);
        await this.setCodes(cart, wish.codes);
        return this.reasons;
    }

    /** What an article loses is taken from its youngest row. */
    async reduce(rows, wanted) {
        const present = quantities(rows);
        for (const row of [...rows].reverse()) {
            const key = keyOf(row);
            const surplus = present.get(key) - (wanted.get(key) ?? 0);
            if (surplus > 0) {
                const less = Math.min(surplus, row.quantity);
                present.set(key, present.get(key) - less);
                await this.tryTo(key, () => this.change(row, row.quantity - less));
            }
        }
    }

    /** What an article gains goes to its oldest row. */
    async increase(cart, rows, lines, wanted) {
        const present = quantities(rows);
        for (const line of new Map(lines.map(one => [keyOf(one), one])).values()) {
            const key = keyOf(line);
            const missing = wanted.get(key) - (present.get(key) ?? 0);
            const oldest = rows.find(row => keyOf(row) === key);
            if (missing > 0 && oldest) {
                await this.asMuch(cart, key, oldest.variantId, missing, more =>
                    this.change(oldest, oldest.quantity + more),
                );
            } else if (missing > 0) {
                await this.add(cart, key, line, missing);
            }
        }
    }

    async add(cart, key, line, quantity) {
        const variantId = await this.variantOf(line);
        if (!variantId) {
            this.reasons.set(key, 'unknown_article');
            return;
        }
        const metadata = line.sku ? undefined : { [ASKED_GTIN]: line.gtin };
        await this.asMuch(cart, key, variantId, quantity, more =>
            this.flow(addToCartWorkflow, {
                cart_id: this.cartId,
                items: [{ variant_id: variantId, quantity: more, metadata }],
            }),
        );
    }

    /** All of it, or as much as there is in stock. */
    async asMuch(cart, key, variantId, more, work) {
        await this.tryTo(key, () => work(more));
        if (this.reasons.get(key) !== NO_STOCK || !variantId) {
            return;
        }
        const found = await getVariantAvailability(this.query, {
            variant_ids: [variantId],
            sales_channel_id: cart.sales_channel_id ?? (await this.salesChannel()),
        });
        const available = Math.floor(found[variantId]?.availability ?? 0);
        if (available > 0 && available < more) {
            await this.tryTo(key, () => work(available));
            this.reasons.set(key, NO_STOCK);
        }
    }

    async salesChannel() {
        const { data } = await this.query.graph({
            entity: 'cart',
            fields: ['sales_channel_id'],
            filters: { id: this.cartId },
        });
        return data[0].sales_channel_id;
    }

    async variantOf(line) {
        return (await findVariants(this.container, [line], ['id'])).get(keyOf(line))?.id;
    }

    async setCodes(cart, wanted) {
        const there = (cart.promotions ?? []).filter(one => !one.is_automatic).map(one => one.code);
        const among = codes => code => codes.some(one => one.toLowerCase() === code.toLowerCase());
        const promote = (code, action) =>
            this.flow(updateCartPromotionsWorkflow, {
                cart_id: this.cartId,
                promo_codes: [code],
                action,
                force_refresh_payment_collection: true,
            });
        for (const code of there.filter(one => !among(wanted)(one))) {
            await this.tryTo(`code:${code}`, () => promote(code, PromotionActions.REMOVE));
        }
        for (const code of wanted.filter(one => !among(there)(one))) {
            this.reasons.set(`code:${code}`, 'code_not_applicable');
            await this.tryTo(`code:${code}`, () => promote(code, PromotionActions.ADD), 'code_unknown');
        }
    }

    change(row, quantity) {
        return this.flow(updateLineItemInCartWorkflow, {
            cart_id: this.cartId,
            item_id: row.id,
            update: { quantity },
        });
    }

    async tryTo(key, work, otherwise = 'refused_by_shop') {
        try {
            await work();
        } catch (error) {
            if (!error.type || BROKEN.has(error.type)) {
                throw error; // not the shop's word: a repeat may do better
            }
            this.reasons.set(key, error.code ?? otherwise);
        }
    }

    /** As a step of a larger workflow is run: the lock is ours already, events go out at the end. */
    flow(workflow, input) {
        return workflow.run({
            input,
            container: this.container,
            context: {
                transactionId: `cartbridge-${crypto.randomUUID()}`,
                parentStepIdempotencyKey: 'cartbridge',
                preventReleaseEvents: true,
                eventGroupId: this.eventGroupId,
            },
        });
    }
}

module.exports = { FillCart };
