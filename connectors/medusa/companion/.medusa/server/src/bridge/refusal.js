/** How a call is answered when it cannot be done. */
'use strict';

/** Ends a call with a status and `{error, message, …}`; the transaction around it is undone. */
class CallRefused extends Error {
    /**
     * @param {number} status
     * @param {string} code stable, for machines
     * @param {string} message says what to do next
     * @param {object} [more] further fields of the answer
     */
    constructor(status, code, message, more = {}) {
        super(message);
        this.status = status;
        this.body = { error: code, message, ...more };
    }
}

const noCart = () =>
    new CallRefused(404, 'cart_not_found', 'This shop has no cart with this id: read the carts anew.');
const busy = () =>
    new CallRefused(503, 'cart_busy', 'This cart is being changed just now: try again in a second.');

/**
 * A route that answers what its function returns, and a CallRefused as it says.
 *
 * @param {(req: any, res: any) => Promise<object | string>} run
 */
function answering(run) {
    return async (req, res) => {
        res.set('cache-control', 'no-store');
        try {
            const answer = await run(req, res);
            res.status(200).type('application/json');
            res.send(typeof answer === 'string' ? answer : JSON.stringify(answer));
        } catch (error) {
            if (!(error instanceof CallRefused)) {
                throw error;
            }
            if (error.status === 503) {
                res.set('retry-after', '1');
            }
            res.status(error.status).json(error.body);
        }
    };
}

module.exports = { CallRefused, answering, busy, noCart };
