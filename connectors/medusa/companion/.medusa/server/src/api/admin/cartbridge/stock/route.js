/** POST /admin/cartbridge/stock: how much of articles some stock locations have now. */
'use strict';

const { stockOf } = require('../../../../bridge/holds');
const { answering } = require('../../../../bridge/refusal');
const { checkedBody } = require('../../../../bridge/requests');

module.exports = { POST: answering(req => stockOf(req.scope, checkedBody('stock', req.body))) };
