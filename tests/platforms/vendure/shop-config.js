/** The configuration of the test shop; everything that differs between runs comes from the environment. */
'use strict';

process.env.VENDURE_DISABLE_TELEMETRY = 'true';

const {
    DefaultJobQueuePlugin,
    DefaultLogger,
    DefaultSearchPlugin,
    dummyPaymentHandler,
    LanguageCode,
    LogLevel,
} = require('@vendure/core');
const { CartbridgePlugin } = require('./load-plugin');

const { env } = process;
// So that the shop boots without a gateway; 32 bytes that protect nothing.
const NO_SECRET = `whsec_${Buffer.alloc(32, 'test').toString('base64')}`;

exports.config = {
    apiOptions: {
        hostname: '127.0.0.1',
        port: Number(env.PORT ?? 3000),
        adminApiPath: 'admin-api',
        shopApiPath: 'shop-api',
        cors: false,
        middleware: [],
    },
    authOptions: {
        tokenMethod: ['bearer', 'cookie'],
        superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
        cookieOptions: { secret: 'test-shop' },
        requireVerification: false,
    },
    defaultLanguageCode: LanguageCode.fr,
    dbConnectionOptions: {
        type: 'postgres',
        host: env.PGHOST ?? '127.0.0.1', // a directory is a unix socket
        port: Number(env.PGPORT ?? 5432),
        username: env.PGUSER ?? 'postgres',
        password: env.PGPASSWORD ?? '',
        database: env.PGDATABASE ?? 'vendure',
        synchronize: false,
        logging: false,
    },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    importExportOptions: { importAssetsDir: __dirname },
    logger: new DefaultLogger({ level: LogLevel[env.VENDURE_LOG ?? 'Warn'], timestamp: false }),
    plugins: [
        DefaultJobQueuePlugin.init({
            pollInterval: 100,
            backoffStrategy: (queue, attempts) => Math.min(60_000, 250 * 2 ** attempts),
        }),
        DefaultSearchPlugin.init({ bufferUpdates: false }),
        CartbridgePlugin.init({
            hookUrl: env.CARTBRIDGE_HOOK_URL ?? 'http://127.0.0.1:9/v1/hooks/none',
            secrets: (env.CARTBRIDGE_SECRET ?? NO_SECRET).split(','),
            gatewayUrl: env.CARTBRIDGE_GATEWAY_URL ?? 'http://127.0.0.1:9',
            shopKey: env.CARTBRIDGE_SHOP_KEY ?? 'cb_none',
            connection: env.CARTBRIDGE_CONNECTION ?? 'vendure-fr',
            cartUrl: env.CARTBRIDGE_CART_URL ?? 'http://127.0.0.1:8000/panier',
            productUrl: 'http://127.0.0.1:8000/produit/{slug}',
            sweepSeconds: Number(env.CARTBRIDGE_SWEEP_SECONDS ?? 60),
            timeoutSeconds: 5,
        }),
    ],
};
