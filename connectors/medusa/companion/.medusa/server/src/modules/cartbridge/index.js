/** The module `cartbridge`: its tables, and its options checked at boot. */
'use strict';

const { Module } = require('@medusajs/framework/utils');
const { CartbridgeService } = require('./service');

module.exports = { default: Module('cartbridge', { service: CartbridgeService }) };
