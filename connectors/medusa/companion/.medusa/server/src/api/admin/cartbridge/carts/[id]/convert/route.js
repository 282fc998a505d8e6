/** POST /admin/cartbridge/carts/{id}/convert: the cart was sold in the store and ends here. */
'use strict';

const { convertCart } = require('../../../../../../bridge/hold-cart');
const { answering } = require('../../../../../../bridge/refusal');
const { checkedBody } = require('../../../../../../bridge/requests');

module.exports = {
    POST: answering(req => convertCart(req.scope, req.params.id, checkedBody('convert', req.body))),
};
