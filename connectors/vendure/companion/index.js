/** What a Vendure project imports from the CartBridge companion. */
'use strict';

const { CartbridgePlugin } = require('./src/plugin');
const { CartbridgeCart, CartbridgeCounter, CartbridgePush } = require('./src/entities');

module.exports = { CartbridgePlugin, CartbridgeCart, CartbridgeCounter, CartbridgePush };
