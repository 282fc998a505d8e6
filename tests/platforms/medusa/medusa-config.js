/** The configuration of the test shop; everything that differs between runs comes from the environment. */
'use strict';

const { defineConfig } = require('@medusajs/framework/utils');

const { env } = process;
// So that the shop boots without a gateway; 32 bytes that protect nothing.
const NO_SECRET = `whsec_${Buffer.alloc(32, 'test').toString('base64')}`;
// The folder of a unix socket is read out of the address by one of Medusa's two database clients only.
const SOCKET = new URL(env.DATABASE_URL ?? 'postgresql://localhost/medusa').searchParams.get('host');
const HERE = 'http://127.0.0.1:8000';

module.exports = defineConfig({
    projectConfig: {
        databaseUrl: env.DATABASE_URL,
        databaseDriverOptions: { connection: { ssl: false, ...(SOCKET && { host: SOCKET }) } },
        http: {
            storeCors: HERE,
            adminCors: HERE,
            authCors: HERE,
            jwtSecret: 'test-shop',
            cookieSecret: 'test-shop',
            host: '127.0.0.1',
        },
    },
    admin: { disable: true },
    plugins: [
        {
            resolve: '@cartbridge/medusa-plugin',
            options: {
                hookUrl: env.CARTBRIDGE_HOOK_URL ?? 'http://127.0.0.1:9/v1/hooks/none',
                secrets: (env.CARTBRIDGE_SECRET ?? NO_SECRET).split(','),
                gatewayUrl: env.CARTBRIDGE_GATEWAY_URL ?? 'http://127.0.0.1:9',
                shopKey: env.CARTBRIDGE_SHOP_KEY ?? 'cb_none',
                connection: env.CARTBRIDGE_CONNECTION ?? 'medusa-fr',
                timeoutSeconds: 5,
            },
        },
    ],
});
