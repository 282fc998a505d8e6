/** The shop, its database and the gateway that all tests share: booting them takes longer than a test. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';

import { bootShop } from './boot.mjs';
import { CONNECTION, FakeGateway, OLD_SECRET, SECRET, SHOP_KEY } from './fake-gateway.mjs';
import { startPostgres } from './postgres.mjs';
import { Companion, Shopper } from './shop-client.mjs';

export const gateway = new FakeGateway();

/** `shop` and `companion` are there once `begin` is over; a test that restarts the shop puts it back. */
export const world = { env: undefined, shop: undefined, companion: undefined, postgres: undefined };

export async function begin() {
    await gateway.start();
    world.postgres = await startPostgres();
    world.env = {
        ...process.env,
        ...world.postgres.env,
        PGDATABASE: 'vendure_test',
        PORT: String(await freePort()),
        CARTBRIDGE_HOOK_URL: gateway.hookUrl,
        CARTBRIDGE_SECRET: `${SECRET},${OLD_SECRET}`,
        CARTBRIDGE_GATEWAY_URL: gateway.url,
        CARTBRIDGE_SHOP_KEY: SHOP_KEY,
        CARTBRIDGE_CONNECTION: CONNECTION,
        CARTBRIDGE_CART_URL: 'http://127.0.0.1:8000/panier?from=store',
        CARTBRIDGE_SWEEP_SECONDS: '1',
    };
    world.shop = await bootShop(world.env);
    world.companion = new Companion(world.shop.url);
}

export async function end() {
    await world.shop?.stop();
    await world.postgres?.stop();
    await gateway.stop();
}

/** What a test did to the gateway is not the next test's affair. */
export function resetGateway() {
    Object.assign(gateway, { mode: 'up', joinStatus: 200, known: true });
}

/** A shopper nobody knows. */
export const guest = options => new Shopper(world.shop.url, options);

/** A logged-in shopper whose cart holds exactly `lines`. */
export async function account(email, lines = {}) {
    const shopper = guest();
    await shopper.login(email);
    if (await shopper.cart()) {
        await shopper.change('removeAllOrderLines');
    }
    for (const [sku, quantity] of Object.entries(lines)) {
        await shopper.add(sku, quantity);
    }
    return shopper;
}

/** Lines and shipping make the total, prices less discounts make each line, all in whole cents. */
export function addsUp(snapshot) {
    const sum = snapshot.lines.reduce((total, line) => total + line.total, snapshot.shipping);
    assert.equal(sum, snapshot.total);
    for (const line of snapshot.lines) {
        const off = line.discounts.reduce((total, discount) => total + discount.amount, 0);
        assert.equal(line.unit_price * line.quantity - off, line.total);
        assert.ok(line.total >= 0 && line.tax >= 0 && Number.isInteger(line.total + line.tax));
    }
}

async function freePort() {
    const server = createServer();
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}
