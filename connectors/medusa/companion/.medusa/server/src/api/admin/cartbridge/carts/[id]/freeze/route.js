/** POST and DELETE /admin/cartbridge/carts/{id}/freeze: a till holds the cart, or gives it back. */
'use strict';

const { freezeCart, thawCart } = require('../../../../../../bridge/hold-cart');
const { answering } = require('../../../../../../bridge/refusal');
const { checkedBody } = require('../../../../../../bridge/requests');

module.exports = {
    POST: answering(req => freezeCart(req.scope, req.params.id, checkedBody('freeze', req.body))),
    DELETE: answering(req => thawCart(req.scope, req.params.id)),
};
