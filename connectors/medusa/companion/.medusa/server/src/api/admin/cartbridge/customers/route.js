/** GET /admin/cartbridge/customers?after=&limit=: the accounts that changed behind a place. */
'use strict';

const { customers } = require('../../../../bridge/customers');
const { answering } = require('../../../../bridge/refusal');

module.exports = { GET: answering(req => customers(req.scope, req.query)) };
