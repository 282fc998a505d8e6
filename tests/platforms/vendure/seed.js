/** Fills an empty database with the test shop: French, euros, prices with tax, articles with valid EANs. */
'use strict';

const path = require('node:path');
const { config } = require('./shop-config');
const {
    bootstrap,
    ChannelService,
    CustomerService,
    JobQueueService,
    PromotionService,
    RequestContext,
    RequestContextService,
    TransactionalConnection,
    User,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const SHOP = {
    defaultLanguage: 'fr',
    defaultZone: 'Europe',
    countries: [
        { name: 'France', code: 'FR', zone: 'Europe' },
        { name: 'Belgique', code: 'BE', zone: 'Europe' },
    ],
    taxRates: [
        { name: 'Standard Tax', percentage: 20 },
        { name: 'Reduced Tax', percentage: 5.5 },
    ],
    shippingMethods: [
        { name: 'Livraison standard', price: 490, taxRate: 20 },
        { name: 'Retrait en magasin', price: 0 },
    ],
    paymentMethods: [
        {
            name: 'Paiement de test',
            handler: {
                code: 'dummy-payment-handler',
                arguments: [{ name: 'automaticSettle', value: 'true' }],
            },
        },
    ],
    collections: [],
};
const CUSTOMERS = [
    ['claire@example.fr', 'Claire', 'Moreau', '+33600000001'],
    ['marc@example.fr', 'Marc', 'Dupont', '+33600000002'],
];

async function begin() {
    const app = await bootstrap({
        ...config,
        apiOptions: { ...config.apiOptions, port: 0 },
        dbConnectionOptions: { ...config.dbConnectionOptions, synchronize: true },
    });
    await app.get(JobQueueService).start();
    const channels = app.get(ChannelService);
    const { id } = await channels.getDefaultChannel();
    await channels.update(RequestContext.empty(), {
        id,
        defaultLanguageCode: 'fr',
        availableLanguageCodes: ['fr', 'en'],
        defaultCurrencyCode: 'EUR',
        availableCurrencyCodes: ['EUR'],
        pricesIncludeTax: true,
    });
    return app;
}

async function addPeopleAndPromotion(app) {
    const user = await app
        .get(TransactionalConnection)
        .rawConnection.getRepository(User)
        .findOneByOrFail({ identifier: 'superadmin' });
    const ctx = await app.get(RequestContextService).create({ apiType: 'admin', user });
    for (const [emailAddress, firstName, lastName, phoneNumber] of CUSTOMERS) {
        const customer = { emailAddress, firstName, lastName, phoneNumber };
        await app.get(CustomerService).create(ctx, customer, 'test1234');
    }
    await app.get(PromotionService).createPromotion(ctx, {
        enabled: true,
        couponCode: 'BIENVENUE10',
        translations: [
            { languageCode: 'fr', name: 'Bienvenue : 10 %' },
            { languageCode: 'en', name: 'Welcome: 10 %' },
        ],
        conditions: [],
        actions: [
            { code: 'order_percentage_discount', arguments: [{ name: 'discount', value: '10' }] },
        ],
    });
}

async function seed() {
    const app = await populate(begin, SHOP, path.join(__dirname, 'products.csv'));
    await addPeopleAndPromotion(app);
    await app.close();
    process.exit(0); // the search index has left timers behind
}

seed().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
