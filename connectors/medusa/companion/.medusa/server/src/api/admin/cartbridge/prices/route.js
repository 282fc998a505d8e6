/** POST /admin/cartbridge/prices: what articles cost here now. */
'use strict';

const { pricesOf } = require('../../../../bridge/prices');
const { answering } = require('../../../../bridge/refusal');
const { checkedBody } = require('../../../../bridge/requests');

module.exports = { POST: answering(req => pricesOf(req.scope, checkedBody('prices', req.body))) };
