/** Loads the companion from its own folder, where it finds the Vendure that is installed beside this file. */
'use strict';

const Module = require('node:module');
const path = require('node:path');

// A published plugin lives inside the shop's node_modules; this one lives next door.
process.env.NODE_PATH = path.join(__dirname, 'node_modules');
Module._initPaths();

module.exports = require('../../../connectors/vendure/companion');
