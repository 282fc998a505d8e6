/** Reads what a cart is now, in the words in which the gateway is told. */
'use strict';

const { ContainerRegistrationKeys } = require('@medusajs/framework/utils');
const { exact } = require('./amounts');
const { articleOf } = require('./articles');
const { orderOf } = require('./order');

const FIELDS = [
    ...['id', 'email', 'customer_id', 'currency_code', 'locale', 'completed_at', 'created_at'],
    ...['total', 'item_total', 'tax_total', 'shipping_total', 'shipping_tax_total', 'credit_lines.id'],
    ...['customer.id', 'customer.email', 'customer.phone', 'customer.first_name', 'customer.last_name'],
    ...['promotions.code', 'promotions.is_automatic'],
    ...['payment_collection.status', 'payment_collection.payment_sessions.id'],
    ...['items.id', 'items.created_at', 'items.metadata', 'items.title', 'items.quantity', 'items.thumbnail'],
    ...['items.variant_id', 'items.variant_sku', 'items.variant_barcode', 'items.variant_title'],
    ...['items.product_title', 'items.product_handle', 'items.is_giftcard', 'items.is_tax_inclusive'],
    ...['items.variant.barcode', 'items.variant.ean', 'items.variant.upc'],
    ...['items.unit_price', 'items.raw_unit_price', 'items.compare_at_unit_price'],
    ...['items.raw_compare_at_unit_price', 'items.total', 'items.original_total', 'items.tax_total'],
    ...['items.tax_lines.rate', 'items.adjustments.amount'],
    ...['items.adjustments.raw_amount', 'items.adjustments.code', 'items.adjustments.description'],
];
const PAID = new Set(['authorized', 'partially_authorized', 'partially_captured', 'completed']);

/**
 * The cart as it is in Medusa; undefined if there is none.
 *
 * @param {any} container
 * @param {string} cartId
 */
async function readCart(container, cartId) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const { data } = await query.graph({ entity: 'cart', fields: FIELDS, filters: { id: cartId } });
    return data[0];
}

/**
 * What the gateway is told of a cart: all of it that may change, and nothing of when it did.
 *
 * @param {any} container
 * @param {string} cartId
 * @param {{customer_id: string | null, receipt_number: string | null}} row what the companion knows
 * @returns {Promise<object | undefined>}
 */
async function contentOf(container, cartId, row) {
    const cart = await readCart(container, cartId);
    if (!cart) {
        return undefined;
    }
    const order = cart.completed_at ? await orderOf(container, cartId) : null;
    const payment = cart.payment_collection;
    return {
        state: stateOf(cart, order, row),
        order,
        currency_code: cart.currency_code,
        locale: cart.locale ?? null,
        customer: customerOf(cart, row),
        codes: (cart.promotions ?? []).filter(one => one && !one.is_automatic).map(one => one.code),
        in_checkout: !cart.completed_at && Boolean(payment?.payment_sessions?.length),
        has_payment: PAID.has(payment?.status) || Boolean(cart.credit_lines?.length),
        lines: oldestFirst(cart.items ?? []).map(lineOf),
        item_total: exact(cart.item_total),
        shipping_total: exact(cart.shipping_total),
        shipping_tax_total: exact(cart.shipping_tax_total),
        tax_total: exact(cart.tax_total),
        total: exact(cart.total),
    };
}

/** Whoever types an e-mail gets a cart tied to its account: only a log-in proves who she is. */
function customerOf(cart, row) {
    if (!cart.customer_id && !cart.email) {
        return null;
    }
    if (!cart.customer || row.customer_id !== cart.customer_id) {
        return { proven: false };
    }
    const { id, email, phone, first_name, last_name } = cart.customer;
    return { proven: true, external_id: id, email, phone, first_name, last_name };
}

function stateOf(cart, order, row) {
    if (order) {
        return 'ordered';
    }
    // A cart on its way to its order is completed a moment before the order is linked to it.
    return cart.completed_at && row.receipt_number ? 'sold' : 'open';
}

function oldestFirst(items) {
    const age = item => `${new Date(item.created_at).toISOString()} ${item.id}`;
    return [...items].sort((one, other) => (age(one) < age(other) ? -1 : 1));
}

function lineOf(item) {
    const article = articleOf(item);
    const barcode = item.variant_barcode || item.variant?.barcode || null;
    return {
        external_id: item.id,
        ...article,
        barcode: article.gtin ? null : barcode,
        variant: item.variant_title ?? null,
        is_giftcard: Boolean(item.is_giftcard),
        image_url: item.thumbnail ?? null,
        handle: item.product_handle ?? null,
        quantity: exact(item.quantity),
        unit_price: exact(item.raw_unit_price ?? item.unit_price),
        compare_at_unit_price: exact(item.raw_compare_at_unit_price ?? item.compare_at_unit_price),
        is_tax_inclusive: Boolean(item.is_tax_inclusive),
        original_total: exact(item.original_total),
        total: exact(item.total),
        tax_total: exact(item.tax_total),
        tax_lines: (item.tax_lines ?? []).map(({ rate }) => ({ rate: exact(rate) })),
        adjustments: (item.adjustments ?? []).map(one => ({
            code: one.code ?? null,
            label: one.description ?? null,
            amount: exact(one.raw_amount ?? one.amount),
        })),
    };
}

module.exports = { contentOf, oldestFirst, readCart };
