/** The calls that the companion makes to the gateway. */
'use strict';

const crypto = require('node:crypto');
const { sign } = require('./signature');

const WAIT_AND_RETRY = new Set([408, 425, 429]);
const ADVICE = {
    401: 'Its secret or key is not the one in the plugin’s options: compare `secrets` and `shopKey`.',
    403: 'Its key may not do this: `shopKey` must be a key of role shop for this connection.',
    404: 'It does not know this address: compare `hookUrl`, `gatewayUrl` and `connection`.',
};

/** The gateway did not do it; `retryAfter` is what it asked for, `mend` that somebody has to act. */
class GatewayError extends Error {
    constructor(message, { retryAfter = null, mend = false } = {}) {
        super(message);
        Object.assign(this, { retryAfter, mend });
    }
}

/** Never puts a key, a secret or the hook's address into a log line or an error. */
class Gateway {
    constructor(options) {
        this.options = options;
    }

    /**
     * Delivers one signed message; throws GatewayError unless the gateway took it.
     *
     * @param {string} id the same on every retry
     * @param {string} body
     */
    async deliver(id, body) {
        const response = await this.call(this.options.hookUrl, {
            method: 'POST',
            headers: {
                'content-type': 'application/json',
                ...sign(this.options.secrets[0], id, body, new Date()),
            },
            body,
        });
        if (response.status < 200 || response.status > 299) {
            throw refusal(response.status, 'a message');
        }
    }

    /**
     * Joins a cart to that of `code`; answers the HTTP status.
     *
     * @param {string} code
     * @param {string} cartId
     * @param {{external_id: string, email?: string} | undefined} customer who has logged in
     * @returns {Promise<number>}
     */
    async join(code, cartId, customer) {
        const key = crypto.createHash('sha256').update(`${code}\n${cartId}`).digest('hex');
        const { status } = await this.ask('/v1/handovers/join', {
            method: 'POST',
            headers: { 'idempotency-key': key },
            body: JSON.stringify({ code, external_id: cartId, ...(customer && { customer }) }),
        });
        if (![404, 409, 410].includes(status) && (status < 200 || status > 299)) {
            throw refusal(status, 'a hand-over');
        }
        return status;
    }

    /**
     * A fresh code and the pass of a cart; undefined while the gateway knows none.
     *
     * @param {string} cartId
     * @returns {Promise<object | undefined>}
     */
    async mintCode(cartId) {
        const query = new URLSearchParams({ connection: this.options.connection, external_id: cartId });
        const found = await this.ask(`/v1/carts?${query}`, { method: 'GET' });
        if (found.status !== 200 && found.status !== 404) {
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
        const { origin } = new URL(url);
        let response;
        try {
            response = await fetch(url, {
                ...request,
                redirect: 'manual',
                signal: AbortSignal.timeout(this.options.timeoutSeconds * 1000),
            });
        } catch (error) {
            throw new GatewayError(`The gateway at ${origin} did not answer (${error.cause?.code ?? error.name}).`);
        }
        if (response.status >= 500 || WAIT_AND_RETRY.has(response.status)) {
            const asked = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
            throw new GatewayError(`The gateway at ${origin} answered ${response.status}.`, {
                retryAfter: Number.isNaN(asked) ? null : asked,
            });
        }
        return response;
    }
}

function refusal(status, what) {
    const advice = ADVICE[status] ?? 'Look at its message log for the reason.';
    return new GatewayError(`The gateway answered ${status} to ${what}. ${advice}`, { mend: true });
}

/** The gateway of this shop, by the companion's options. */
const gatewayOf = container => new Gateway(container.resolve('cartbridge').options);

module.exports = { GatewayError, gatewayOf };
