/** Applies Nest's and TypeORM's decorators to plain JavaScript classes, which have no decorator syntax. */
'use strict';

const { nest } = require('./vendure-modules');

const { Inject, Injectable } = nest;

/**
 * Declares what Nest passes to the constructor of `target`, in order.
 *
 * @param {Function} target
 * @param {any[]} tokens
 */
function injectable(target, tokens) {
    Injectable()(target);
    tokens.forEach((token, index) => Inject(token)(target, undefined, index));
}

/**
 * Decorates one method of `target` and its parameters, in order.
 *
 * @param {Function} target
 * @param {string} name
 * @param {Function[]} decorators
 * @param {Function[]} parameters
 */
function decorateMethod(target, name, decorators, parameters) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    parameters.forEach((decorate, index) => decorate(target.prototype, name, index));
    for (const decorate of decorators) {
        decorate(target.prototype, name, descriptor);
    }
    Object.defineProperty(target.prototype, name, descriptor);
}

/**
 * Declares the columns of an entity class.
 *
 * @param {Function} target
 * @param {Record<string, Function | Function[]>} columns property -> its decorators
 */
function columns(target, columns) {
    for (const [name, decorators] of Object.entries(columns)) {
        for (const decorate of [decorators].flat()) {
            decorate(target.prototype, name);
        }
    }
}

module.exports = { columns, decorateMethod, injectable };
