/** What the shop's log is told of a fault: its kind, never what was asked or answered. */
'use strict';

/**
 * @param {any} container
 * @param {string} what did not work, in words
 * @param {any} error of whom only name and code are told: its text may repeat a shopper's data
 */
function logFault(container, what, error) {
    const kind = [error.name, error.type, error.code].filter(Boolean).join(' ');
    container.resolve('logger').error(`CartBridge: ${what} (${kind}).`);
}

module.exports = { logFault };
