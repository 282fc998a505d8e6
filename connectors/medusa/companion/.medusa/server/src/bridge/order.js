/** Reads what a bought cart became: its order, how it reaches the shopper, and that she has it. */
'use strict';

const { ContainerRegistrationKeys, MathBN } = require('@medusajs/framework/utils');

const FIELDS = [
    ...['display_id', 'created_at', 'shipping_methods.shipping_option_id'],
    ...['items.detail.quantity', 'items.detail.delivered_quantity'],
    ...['fulfillments.delivered_at', 'fulfillments.canceled_at'],
];
const PICK_UP = 'pickup'; // what Medusa's own admin calls such a fulfilment set

/**
 * The order of a cart; null if it has none.
 *
 * @param {any} container
 * @param {string} cartId
 */
async function orderOf(container, cartId) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const links = await query.graph({ entity: 'order_cart', fields: ['order_id'], filters: { cart_id: cartId } });
    if (!links.data.length) {
        return null;
    }
    const { data } = await query.graph({
        entity: 'order',
        fields: FIELDS,
        filters: { id: links.data[0].order_id },
    });
    const [order] = data;
    return order
        ? {
              number: String(order.display_id),
              at: new Date(order.created_at).toISOString(),
              fulfilment: await fulfilmentOf(query, order.shipping_methods ?? []),
              delivered_at: deliveredAt(order),
          }
        : null;
}

/** How the whole order reaches her; null where nothing is sent, or one part so and another so. */
async function fulfilmentOf(query, methods) {
    const ids = [...new Set(methods.map(one => one.shipping_option_id))];
    if (!ids.length || !ids.every(Boolean)) {
        return null;
    }
    const { data } = await query.graph({
        entity: 'shipping_option',
        fields: ['service_zone.fulfillment_set.type', 'service_zone.fulfillment_set.location.id'],
        filters: { id: ids },
    });
    const ways = new Set(data.map(one => wayOf(one.service_zone?.fulfillment_set)));
    const [way] = ways;
    return data.length < ids.length || ways.size > 1 ? null : JSON.parse(way);
}

function wayOf(set) {
    const picked = set?.type === PICK_UP;
    const way = picked ? { kind: 'pick_up', location: set.location?.id ?? null } : { kind: 'delivery', location: null };
    return JSON.stringify(way);
}

/** When the last part of it was in her hands; null while some of it is not. */
function deliveredAt({ items, fulfillments }) {
    const all = (items ?? []).every(({ detail }) => MathBN.gte(detail.delivered_quantity ?? 0, detail.quantity));
    const times = (fulfillments ?? [])
        .filter(one => one?.delivered_at && !one.canceled_at)
        .map(one => new Date(one.delivered_at).toISOString());
    return all && times.length ? times.sort().at(-1) : null;
}

module.exports = { orderOf };
