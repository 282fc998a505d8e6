/** The names under which the plugin's providers find what is not a class. */
'use strict';

module.exports = { OPTIONS: Symbol('CARTBRIDGE_OPTIONS') };
