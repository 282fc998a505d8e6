/** A gateway of a hundred lines: takes signed messages, answers hand-overs, can be out of order. */
import crypto from 'node:crypto';
import { createServer } from 'node:http';

import { until } from './postgres.mjs';

export const SECRET = `whsec_${Buffer.from('the signing secret of the tests!').toString('base64')}`;
export const OLD_SECRET = `whsec_${Buffer.from('the secret that is being retired').toString('base64')}`;
export const SHOP_KEY = 'cb_test_shop_key';
export const CONNECTION = 'vendure-fr';
const HOOK = '/v1/hooks/unguessable';

/** Signs as the Standard Webhooks text says, written apart from the companion's own code. */
export function signed(id, body, { secret = SECRET, at = Math.floor(Date.now() / 1000) } = {}) {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const mac = crypto.createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${mac}` };
}

export class FakeGateway {
    constructor() {
        this.messages = []; // what came to the hook with a right signature
        this.unsigned = 0;
        this.calls = []; // what came to the API
        this.mode = 'up'; // or 'down' (no answer), or an HTTP status
        this.joinStatus = 200;
        this.known = true; // whether it knows the cart that is asked for
    }

    async start() {
        this.server = createServer((req, res) => this.receive(req, res));
        await new Promise(resolve => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        this.hookUrl = `${this.url}${HOOK}`;
    }

    async stop() {
        this.server.closeAllConnections();
        await new Promise(resolve => this.server.close(resolve));
    }

    async receive(req, res) {
        let body = '';
        for await (const chunk of req) {
            body += chunk;
        }
        if (this.mode === 'down') {
            req.socket.destroy();
            return;
        }
        if (this.mode !== 'up') {
            res.writeHead(this.mode).end();
            return;
        }
        const { status, answer } = req.url === HOOK ? this.hook(req, body) : this.api(req, body);
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }

    hook(req, body) {
        const id = req.headers['webhook-id'];
        const at = req.headers['webhook-timestamp'];
        const expected = signed(id, body, { at })['webhook-signature'];
        if (expected !== req.headers['webhook-signature']) {
            this.unsigned += 1;
            return { status: 401, answer: {} };
        }
        this.messages.push({ id, at: Number(at), ...JSON.parse(body) });
        return { status: 202, answer: { message: 'msg_1', duplicate: false } };
    }

    api(req, body) {
        const url = new URL(req.url, this.url);
        const call = { method: req.method, path: url.pathname, query: url.searchParams };
        this.calls.push({ ...call, headers: req.headers, body: body && JSON.parse(body) });
        if (req.headers.authorization !== `Bearer ${SHOP_KEY}`) {
            return { status: 401, answer: { code: 'unauthorized' } };
        }
        if (url.pathname === '/v1/handovers/join') {
            return { status: this.joinStatus, answer: { code: 'internal_detail_7', cart: { id: 'crt_1' } } };
        }
        if (url.pathname === '/v1/carts') {
            return { status: 200, answer: { items: this.known ? [{ id: 'crt_1' }] : [], next: null } };
        }
        return {
            status: 201,
            answer: {
                id: 'hnd_1',
                code: 'BCDFGHJKLNPRSTVXBCDFGHJKLNPRSTVX',
                short_code: '12345678',
                url: `${this.url}/H/BCDF`,
                qr_svg_url: `${this.url}/qr.svg`,
                qr_png_url: `${this.url}/qr.png`,
                pass_url: `${this.url}/c/pass`,
                expires_at: '2030-01-01T10:00:00Z',
            },
        };
    }

    /** What it was told of one cart, in order. */
    of(code, type) {
        return this.messages.filter(
            message => message.data.external_id === code && (!type || message.type === type),
        );
    }

    /** The newest snapshot of a cart, once its revision is above `revision`. */
    async snapshotAbove(code, revision) {
        const message = await until(
            () => this.of(code, 'cart.snapshot').find(one => one.data.revision > revision),
            `a snapshot of ${code} above revision ${revision}`,
        );
        return message.data;
    }
}
