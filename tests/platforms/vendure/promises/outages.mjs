/** That nothing is lost when the gateway is away, says no, or the shop crashes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { startShop } from '../boot.mjs';
import { OLD_SECRET, SECRET, SHOP_KEY } from '../fake-gateway.mjs';
import { until } from '../postgres.mjs';
import { content } from '../shop-client.mjs';
import { addsUp, gateway, guest, world } from '../world.mjs';

describe('when something breaks', () => {
    test('while the gateway is away nothing is lost, not even over a crash of the shop', async () => {
        const shopper = guest();
        const other = guest();
        const { code } = await shopper.add('PULL-S-MARINE');
        await gateway.snapshotAbove(code, 0);
        gateway.mode = 'down';
        await shopper.add('PULL-S-MARINE');
        gateway.mode = 503;
        const { code: otherCode } = await other.add('PULL-M-MARINE', 2);
        await until(() => /cartbridge-deliver\] failed/.test(world.shop.log()), 'a failed attempt');
        await world.shop.stop('SIGKILL');
        world.shop = await startShop(world.env);
        gateway.mode = 'up';
        const snapshot = await until(
            () => gateway.of(code).findLast(one => one.data.lines[0].quantity === 2),
            'the change made while the gateway was away',
        );
        addsUp(snapshot.data);
        const found = await gateway.snapshotAbove(otherCode, 0);
        assert.deepEqual(content(found), { 'PULL-M-MARINE': 2 });
    });

    test('a cart filled and bought while the gateway was away is told in full, then as bought', async () => {
        gateway.mode = 'down';
        const shopper = guest();
        await shopper.add('CARNET-A5', 2);
        await shopper.fillIn({ email: 'absence@example.fr' });
        const { code } = await shopper.cart();
        await shopper.checkout();
        assert.equal((await shopper.pay()).state, 'PaymentSettled');
        gateway.mode = 'up';
        await until(() => gateway.of(code, 'cart.ordered').length, 'cart.ordered');
        const [snapshot, ordered, ...more] = gateway.of(code);
        assert.equal(snapshot.type, 'cart.snapshot');
        addsUp(snapshot.data);
        assert.deepEqual(ordered.data.lines, [{ sku: 'CARNET-A5', quantity: 2 }]);
        assert.deepEqual(more, []);
    });

    test('a crash right after the change is made good at the next boot', async () => {
        const shopper = guest();
        const { code } = await shopper.add('CAFETIERE-6T', 3);
        await world.shop.stop('SIGKILL');
        world.shop = await startShop({ ...world.env, CARTBRIDGE_SWEEP_SECONDS: '3600' });
        assert.deepEqual(content(await gateway.snapshotAbove(code, 0)), { 'CAFETIERE-6T': 3 });
        await world.shop.stop();
        world.shop = await startShop(world.env);
    });

    test('a gateway that says no is reported in words, without the secrets, and asked again', async () => {
        gateway.mode = 401;
        const { code } = await guest().add('CARNET-A5');
        await until(() => world.shop.log().includes('answered 401 to the message'), 'the log line');
        assert.match(world.shop.log(), /compare `secrets` and `shopKey`/);
        assert.equal(gateway.of(code).length, 0);
        gateway.mode = 'up';
        await gateway.snapshotAbove(code, 0);
        for (const secret of [SECRET, OLD_SECRET, SHOP_KEY, 'unguessable']) {
            assert.ok(!world.shop.log().includes(secret));
        }
    });
});
