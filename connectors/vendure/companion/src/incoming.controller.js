/** The door for the gateway: `POST /cartbridge/v1/…`, signed, JSON in and out. */
'use strict';

const { Logger } = require('@vendure/core');
const { Accounts } = require('./accounts');
const { Carts } = require('./carts');
const { ChangedCarts } = require('./changed-carts');
const { decorateMethod, injectable } = require('./decorate');
const { CONTEXT } = require('./gateway');
const { HoldCart } = require('./hold-cart');
const { CallRefused } = require('./refusal');
const { parseRequest } = require('./requests');
const { Shelves } = require('./shelves');
const { verify } = require('./signature');
const { OPTIONS } = require('./tokens');
const { nest } = require('./vendure-modules');
const { WithdrawCart } = require('./withdraw-cart');
const { WriteCart } = require('./write-cart');

const { Controller, Param, Post, Req, Res } = nest;

class IncomingController {
    constructor(options, carts, changed, writer, holder, withdrawer, shelves, accounts) {
        this.options = options;
        this.calls = new Map([
            ['carts/read', request => carts.read(request.external_id)],
            ['carts/changed', request => changed.list(request)],
            ['carts/write', request => writer.run(request)],
            ['carts/freeze', request => holder.freeze(request)],
            ['carts/thaw', request => holder.thaw(request)],
            ['carts/withdraw', request => withdrawer.run(request)],
            ['articles/prices', request => shelves.prices(request)],
            ['articles/stock', request => shelves.stock(request)],
            ['customers/changed', request => accounts.list(request)],
        ]);
    }

    async receive(subject, action, req, res) {
        const call = `${subject}/${action}`;
        try {
            answer(res, 200, await this.answerTo(call, req));
        } catch (error) {
            if (error instanceof CallRefused) {
                answer(res, error.status, error.body);
                return;
            }
            Logger.error(`${call} failed: ${error.message}`, CONTEXT, error.stack);
            answer(res, 500, { error: 'failed', message: 'The shop failed; its log says why. Try again.' });
        }
    }

    /** The signature comes before everything else: to a stranger every call looks the same. */
    async answerTo(call, req) {
        if (!Buffer.isBuffer(req.body)) {
            throw new Error('another body parser read the call first: keep parsers off /cartbridge/v1');
        }
        if (!verify(this.options.secrets, req.headers, req.body, new Date())) {
            throw new CallRefused(401, 'bad_signature', 'Sign with a secret this shop was given, and check the clock.');
        }
        const run = this.calls.get(call);
        if (!run) {
            throw new CallRefused(404, 'unknown_call', `This companion knows no ${call}.`);
        }
        return run(parseRequest(call, req.body));
    }
}
injectable(IncomingController, [
    OPTIONS,
    Carts,
    ChangedCarts,
    WriteCart,
    HoldCart,
    WithdrawCart,
    Shelves,
    Accounts,
]);
decorateMethod(
    IncomingController,
    'receive',
    [Post(':subject/:action')],
    [Param('subject'), Param('action'), Req(), Res()],
);
Controller('cartbridge/v1')(IncomingController);

function answer(res, status, body) {
    res.status(status)
        .set('content-type', 'application/json')
        .send(typeof body === 'string' ? body : JSON.stringify(body));
}

module.exports = { IncomingController };
