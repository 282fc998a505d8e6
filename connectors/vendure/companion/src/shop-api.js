/** What the Shop API gains: join a cart by its code, show one's pass, see that a cart is at the till. */
'use strict';

const { Allow, Ctx, Permission, TransactionalConnection } = require('@vendure/core');
const { decorateMethod, injectable } = require('./decorate');
const { CartbridgeCart } = require('./entities');
const { frozenMessage } = require('./hold-cart');
const { say } = require('./messages');
const { ShopperCart } = require('./shopper-cart');
const { frozenOf } = require('./snapshot');
const { graphql, nestGraphql } = require('./vendure-modules');

const { Args, Mutation, Parent, Query, ResolveField, Resolver } = nestGraphql;
const { parse } = graphql;

const shopApiSchema = parse(`
    "Why a cart could not be joined or shown; the message beside it is for the shopper."
    enum CartbridgeReason {
        UNKNOWN_CODE
        BOUND_TO_SOMEONE_ELSE
        NO_LONGER_VALID
        NO_CART
        NOT_READY
        UNAVAILABLE
    }

    type CartbridgeJoined {
        ok: Boolean!
        orderCode: String!
    }

    type CartbridgeRefused {
        reason: CartbridgeReason!
        message: String!
    }

    "What the shopper shows at the till. The code inside url and shortCode is short-lived, the pass is not."
    type CartbridgePass {
        passUrl: String
        url: String!
        shortCode: String!
        expiresAt: DateTime!
        qrSvgUrl: String
        qrPngUrl: String
    }

    union CartbridgeJoinResult = CartbridgeJoined | CartbridgeRefused
    union CartbridgePassResult = CartbridgePass | CartbridgeRefused

    "Not null fields mean: a till holds this cart, paying online is stopped until then."
    type CartbridgeState {
        frozenUntil: DateTime
        where: String
        message: String
    }

    extend type Order {
        cartbridge: CartbridgeState!
    }

    extend type Query {
        "The pass of this session's cart, with a fresh code on each call."
        cartbridgePass: CartbridgePassResult!
    }

    extend type Mutation {
        "Joins this session's cart, guest or logged in, to the cart begun in the store."
        cartbridgeJoin(code: String!): CartbridgeJoinResult!
    }
`);

class ShopApi {
    constructor(shopper) {
        this.shopper = shopper;
    }

    async cartbridgeJoin(ctx, code) {
        const { reason, orderCode } = await this.shopper.join(ctx, code);
        return reason
            ? refused(ctx, reason)
            : { __typename: 'CartbridgeJoined', ok: true, orderCode };
    }

    async cartbridgePass(ctx) {
        const { reason, handover } = await this.shopper.pass(ctx);
        if (reason) {
            return refused(ctx, reason);
        }
        return {
            __typename: 'CartbridgePass',
            passUrl: handover.pass_url,
            url: handover.url,
            shortCode: handover.short_code,
            expiresAt: handover.expires_at,
            qrSvgUrl: handover.qr_svg_url,
            qrPngUrl: handover.qr_png_url,
        };
    }
}
injectable(ShopApi, [ShopperCart]);
decorateMethod(ShopApi, 'cartbridgeJoin', [Mutation(), Allow(Permission.Owner)], [Ctx(), Args('code')]);
decorateMethod(ShopApi, 'cartbridgePass', [Query(), Allow(Permission.Owner)], [Ctx()]);
Resolver()(ShopApi);

class OrderApi {
    constructor(connection) {
        this.connection = connection;
    }

    async cartbridge(ctx, order) {
        const now = new Date();
        const rows = this.connection.getRepository(ctx, CartbridgeCart);
        const row = await rows.findOneBy({ orderId: order.id });
        const frozen = frozenOf(row, now);
        return {
            frozenUntil: frozen ? row.frozenUntil : null,
            where: frozen?.where ?? null,
            message: frozenMessage(ctx.languageCode, row, now) ?? null,
        };
    }
}
injectable(OrderApi, [TransactionalConnection]);
decorateMethod(OrderApi, 'cartbridge', [ResolveField()], [Ctx(), Parent()]);
Resolver('Order')(OrderApi);

function refused(ctx, reason) {
    return {
        __typename: 'CartbridgeRefused',
        reason: reason.toUpperCase(),
        message: say(ctx.languageCode, reason),
    };
}

module.exports = { OrderApi, ShopApi, shopApiSchema };
