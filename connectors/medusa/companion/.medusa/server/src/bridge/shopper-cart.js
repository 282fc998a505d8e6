/** What a shopper does with the store from her own browser: join a cart, show her pass. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { createCartWorkflow } = require('@medusajs/medusa/core-flows');
const { GatewayError, gatewayOf } = require('./gateway');
const { languageOf, say } = require('./messages');
const { CallRefused } = require('./refusal');
const { proven, recordNow } = require('./touched');

const REASON_OF = { 404: 'unknown_code', 409: 'bound_to_someone_else', 410: 'no_longer_valid' };
const STATUS_OF = { unknown_code: 404, bound_to_someone_else: 409, no_longer_valid: 410, no_cart: 404 };

/**
 * Joins the cart whose id the browser holds, begun if it holds none, to the cart of `code`.
 *
 * @param {any} req
 * @param {{code: string, cart_id?: string, region_id?: string}} asked
 * @returns {Promise<{cart_id: string}>}
 */
async function join(req, asked) {
    const customer = await customerOf(req);
    const cartId = (await ownCart(req, asked.cart_id)) ?? (await begin(req, asked, customer));
    if (customer) {
        await proven(req.scope, cartId, customer.external_id);
    }
    const status = await orUnavailable(req, gateway => gateway.join(asked.code.trim(), cartId, customer));
    if (status in REASON_OF) {
        throw refusal(req, REASON_OF[status]);
    }
    return { cart_id: cartId };
}

/**
 * The pass of the cart whose id the browser holds, and a fresh code for it.
 *
 * @param {any} req
 * @param {{cart_id: string}} asked
 */
async function pass(req, { cart_id: cartId }) {
    if (!(await ownCart(req, cartId))) {
        throw refusal(req, 'no_cart');
    }
    await recordNow(req.scope, cartId);
    const handover = await orUnavailable(req, gateway => gateway.mintCode(cartId));
    if (!handover) {
        throw refusal(req, 'not_ready');
    }
    return { handover };
}

/** A cart id is all it takes to read and change a cart in Medusa, so it is all it takes here. */
async function ownCart(req, cartId) {
    if (!cartId) {
        return undefined;
    }
    const query = req.scope.resolve(ContainerRegistrationKeys.QUERY);
    const filters = { id: cartId };
    const { data } = await query.graph({ entity: 'cart', fields: ['id', 'completed_at'], filters });
    return data[0] && !data[0].completed_at ? cartId : undefined;
}

async function begin(req, asked, customer) {
    const { options } = req.scope.resolve('cartbridge');
    const regionId = asked.region_id ?? options.regionId;
    if (!regionId) {
        throw new CallRefused(400, 'malformed', 'join: give region_id, or set the plugin’s option regionId.');
    }
    const { result } = await createCartWorkflow(req.scope).run({
        input: {
            region_id: regionId,
            sales_channel_id: req.publishable_key_context?.sales_channel_ids?.[0],
            customer_id: customer?.external_id,
            email: customer?.email,
        },
    });
    return result.id;
}

async function customerOf(req) {
    const id = req.auth_context?.actor_type === 'customer' ? req.auth_context.actor_id : undefined;
    if (!id) {
        return undefined;
    }
    const query = req.scope.resolve(ContainerRegistrationKeys.QUERY);
    const filters = { id };
    const { data } = await query.graph({ entity: 'customer', fields: ['id', 'email'], filters });
    return data[0] && { external_id: id, ...(data[0].email && { email: data[0].email }) };
}

async function orUnavailable(req, ask) {
    try {
        return await ask(gatewayOf(req.scope));
    } catch (error) {
        if (!(error instanceof GatewayError)) {
            throw error;
        }
        req.scope.resolve('logger').error(`CartBridge: ${error.message}`);
        throw refusal(req, 'unavailable');
    }
}

function refusal(req, reason) {
    const status = STATUS_OF[reason] ?? 503;
    return new CallRefused(status, reason, say(languageOf(req), reason));
}

module.exports = { join, pass };
