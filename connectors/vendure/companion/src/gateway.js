/** The calls that the companion makes to the gateway. */
'use strict';

const crypto = require('node:crypto');
const { Logger } = require('@vendure/core');
const { injectable } = require('./decorate');
const { sign } = require('./signature');
const { OPTIONS } = require('./tokens');

const CONTEXT = 'CartBridge';
const WAIT_AND_RETRY = new Set([408, 425, 429]);

/** The gateway could not be asked just now; the same call may work later. */
class GatewayUnavailable extends Error {
    /**
     * @param {string} message
     * @param {number | null} retryAfterSeconds what the gateway itself asked for
     */
    constructor(message, retryAfterSeconds = null) {
        super(message);
        this.retryAfterSeconds = retryAfterSeconds;
    }
}

/** The gateway understood and said no; somebody has to mend the configuration. */
class GatewayRefused extends Error {
    /**
     * @param {string} message
     * @param {number} status
     */
    constructor(message, status) {
        super(message);
        this.status = status;
    }
}

/** Never puts a key, a secret or the hook's address into a log line or an error. */
class Gateway {
    constructor(options) {
        this.options = options;
    }

    /**
     * Delivers one signed message; throws GatewayUnavailable or GatewayRefused.
     *
     * @param {string} id the same on every retry
     * @param {string} type
     * @param {object} data
     */
    async deliver(id, type, data) {
        const now = new Date();
        const body = JSON.stringify({ type, timestamp: now.toISOString(), data });
        const response = await this.call(this.options.hookUrl, {
            method: 'POST',
            headers: {
                'content-type': 'application/json',
                ...sign(this.options.secrets[0], id, body, now),
            },
            body,
        });
        if (response.status < 200 || response.status > 299) {
            throw refusal(response.status, `the message ${id}`);
        }
    }

    /**
     * Joins the session's order to the cart of `code`; answers the HTTP status.
     *
     * @param {string} code
     * @param {string} orderCode
     * @param {object | undefined} customer
     * @returns {Promise<number>}
     */
    async join(code, orderCode, customer) {
        const key = crypto.createHash('sha256').update(`${code}\n${orderCode}`).digest('hex');
        const { status } = await this.ask('/v1/handovers/join', {
            method: 'POST',
            headers: { 'idempotency-key': key },
            body: JSON.stringify({ code, external_id: orderCode, ...(customer && { customer }) }),
        });
        if (![404, 409, 410].includes(status) && (status < 200 || status > 299)) {
            throw refusal(status, 'a hand-over');
        }
        return status;
    }

    /**
     * A fresh code and the pass of the cart that holds this order; undefined while it knows none.
     *
     * @param {string} orderCode
     * @returns {Promise<object | undefined>}
     */
    async mintCode(orderCode) {
        const query = new URLSearchParams({
            connection: this.options.connection,
            external_id: orderCode,
        });
        const found = await this.ask(`/v1/carts?${query}`, { method: 'GET' });
        if (found.status === 404) {
            return undefined;
        }
        if (found.status !== 200) {
            throw refusal(found.status, 'the search for a cart');
        }
        const cart = found.body?.items?.[0];
        if (!cart) {
            return undefined;
        }
        const made = await this.ask(`/v1/carts/${encodeURIComponent(cart.id)}/handovers`, {
            method: 'POST',
            headers: { 'idempotency-key': crypto.randomUUID() },
            body: JSON.stringify({ direction: 'to_store' }),
        });
        if (made.status !== 201) {
            throw refusal(made.status, 'a hand-over');
        }
        return made.body;
    }

    async ask(path, request) {
        const response = await this.call(`${this.options.gatewayUrl}${path}`, {
            ...request,
            headers: {
                accept: 'application/json',
                authorization: `Bearer ${this.options.shopKey}`,
                ...(request.body && { 'content-type': 'application/json' }),
                ...request.headers,
            },
        });
        let body;
        try {
            body = JSON.parse(await response.text());
        } catch {
            body = undefined; // a proxy's page: the status tells enough
        }
        return { status: response.status, body };
    }

    async call(url, request) {
        let response;
        try {
            response = await fetch(url, {
                ...request,
                redirect: 'manual',
                signal: AbortSignal.timeout(this.options.timeoutSeconds * 1000),
            });
        } catch (error) {
            const reason = error.cause?.code ?? error.name;
            throw new GatewayUnavailable(`The gateway at ${new URL(url).origin} did not answer (${reason}).`);
        }
        if (response.status >= 500 || WAIT_AND_RETRY.has(response.status)) {
            const asked = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
            throw new GatewayUnavailable(
                `The gateway at ${new URL(url).origin} answered ${response.status}.`,
                Number.isNaN(asked) ? null : asked,
            );
        }
        return response;
    }
}
injectable(Gateway, [OPTIONS]);

const ADVICE = {
    401: 'Its secret or key is not the one given to CartbridgePlugin.init: compare `secrets` and `shopKey`.',
    403: 'Its key may not do this: `shopKey` must be a key of role shop for this connection.',
    404: 'It does not know this address: compare `hookUrl`, `gatewayUrl` and `connection`.',
};

function refusal(status, what) {
    const advice = ADVICE[status] ?? 'Look at its message log for the reason.';
    return new GatewayRefused(`The gateway answered ${status} to ${what}. ${advice}`, status);
}

/**
 * Tells the operator why a shopper got no answer from the gateway.
 *
 * @param {Error} error
 */
function logGatewayError(error) {
    if (error instanceof GatewayRefused) {
        Logger.error(error.message, CONTEXT);
    } else {
        Logger.warn(error.message, CONTEXT);
    }
}

module.exports = { CONTEXT, Gateway, GatewayRefused, GatewayUnavailable, logGatewayError };
