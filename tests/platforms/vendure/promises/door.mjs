/** Who may call the companion, and what it answers to nonsense. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { describe, test } from 'node:test';

import { OLD_SECRET } from '../fake-gateway.mjs';
import { world } from '../world.mjs';

describe('the door for the gateway', () => {
    const body = JSON.stringify({ external_id: 'NOSUCHCART' });
    const now = () => Math.floor(Date.now() / 1000);

    test('a forged, stale, altered or missing signature is turned away', async () => {
        const stranger = `whsec_${crypto.randomBytes(32).toString('base64')}`;
        const genuine = await world.companion.call('read', body, { secret: OLD_SECRET });
        assert.equal(genuine.status, 404); // a secret that is being retired still opens
        const forged = [
            await world.companion.call('read', body, { secret: stranger }),
            await world.companion.call('read', body, { at: now() - 400 }),
            await world.companion.call('read', body, { at: now() + 400 }),
            await world.companion.raw('read', body, {}),
            await world.companion.raw('nosuchcall', body, {}),
            await world.companion.raw('read', body, {
                'webhook-id': 'x',
                'webhook-timestamp': String(now()),
                'webhook-signature': 'v1,AAAA v2,BBBB',
            }),
        ];
        assert.deepEqual(forged.map(one => one.status), forged.map(() => 401));
        assert.equal(new Set(forged.map(one => one.text)).size, 1);
    });

    test('a body beyond all measure is turned away before it is read', async () => {
        const { status, body: answer } = await world.companion.call('read', JSON.stringify({ external_id: 'x'.repeat(2_000_000) }));
        assert.equal(status, 413);
        assert.equal(answer.error, 'too_large');
    });

    test('a malformed call is refused by name', async () => {
        const write = { push_id: 'p', base_revision: 1, external_id: 'X', lines: [], codes: [] };
        const wrong = {
            read: ['{', {}, { external_id: 7 }],
            write: [
                { ...write, lines: [{ sku: 'A', quantity: 1.5 }] },
                { ...write, lines: [{ sku: 'A', quantity: -1 }] },
                { ...write, external_id: null },
                { ...write, push_id: '' },
            ],
            freeze: [{ external_id: 'X', until: 'tomorrow', where: 'Lyon' }],
            changed: [{ cursor: 'nonsense', limit: 10 }, { cursor: null, limit: 0 }],
        };
        for (const [name, bodies] of Object.entries(wrong)) {
            for (const one of bodies) {
                const answer = await world.companion.call(name, one);
                assert.equal(answer.status, 400, JSON.stringify(one));
                assert.deepEqual(Object.keys(answer.body), ['error', 'message']);
            }
        }
        assert.match((await world.companion.call('read', {})).body.message, /external_id/);
    });

    test('unknown carts, customers and calls are 404', async () => {
        assert.equal((await world.companion.call('read', body)).status, 404);
        assert.equal((await world.companion.call('nosuchcall', body)).status, 404);
        const write = await world.companion.write({
            customer: { external_id: '424242' },
            base_revision: 0,
            lines: {},
        });
        assert.equal(write.body.error, 'customer_not_found');
    });
});
