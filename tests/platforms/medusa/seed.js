/** Fills an empty database with the test shop: French, euros, prices with tax, articles with valid EANs. */
'use strict';

const fs = require('node:fs');
const { ContainerRegistrationKeys, Modules, ProductStatus } = require('@medusajs/framework/utils');
const flows = require('@medusajs/medusa/core-flows');

const PLENTY = 1_000_000;
// [product, variant or null, SKU or null, EAN-13, price with tax, stock]
const ARTICLES = [
    ['Lampe chêne', 'H 40 cm', 'LAMP-OAK', '3700123456780', 49.9, 25],
    ['Abat-jour en lin', null, 'SHADE-LINEN', '3760123451017', 24.5, 3],
    ['Bougie figuier', null, 'CANDLE-FIG', '3760123451048', 27.9, PLENTY],
    ['Coussin velours', null, 'CUSHION', '3760123451079', 34.9, PLENTY],
    ['Plaid en laine', null, 'PLAID', '3760123451086', 79, PLENTY],
    ['Tisane du soir', null, null, '3760123451093', 8.5, PLENTY],
    ['Le Livre des lumières', null, 'BOOK-LIGHT', '9791099990013', 19, PLENTY],
];
const IN_WAREHOUSE = new Map(ARTICLES.map(([, , sku, , , amount]) => [sku, amount]));
const IN_STORE = new Map([['LAMP-OAK', 4]]);
const REDUCED_TAX = new Set(['Le Livre des lumières', 'Tisane du soir']);

/** What the parts of the seed say in one line: run a workflow, answer its result. */
async function seed({ container }) {
    const run = async (workflow, input) => (await workflow(container).run({ input })).result;
    const [channel] = await run(flows.createSalesChannelsWorkflow, { salesChannelsData: [{ name: 'Web FR' }] });
    const region = await addRegion(container, run, channel);
    const { location, profile } = await addPlaces(container, run, channel, region);
    const store = await addStore(container, run, channel, region, profile);
    const products = await addArticles(run, channel, profile);
    await addStock(container, run, location);
    await addStock(container, run, store, IN_STORE);
    await addTaxes(run, products);
    await addPromotion(run);
    fs.writeFileSync(
        process.env.MEDUSA_TOLD,
        JSON.stringify({
            ...(await addKeys(run, channel)),
            region_id: region.id,
            store_location: store.id,
            variants: Object.fromEntries(
                products.flatMap(product => product.variants).map(one => [one.sku ?? one.barcode, one.id]),
            ),
        }),
    );
}

async function addRegion(container, run, channel) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const { data } = await query.graph({ entity: 'store', fields: ['id'] });
    await run(flows.updateStoresWorkflow, {
        selector: { id: data[0].id },
        update: {
            supported_currencies: [{ currency_code: 'eur', is_default: true, is_tax_inclusive: true }],
            default_sales_channel_id: channel.id,
        },
    });
    const [region] = await run(flows.createRegionsWorkflow, {
        regions: [
            {
                name: 'France',
                currency_code: 'eur',
                countries: ['fr'],
                payment_providers: ['pp_system_default'],
                automatic_taxes: true,
                is_tax_inclusive: true,
            },
        ],
    });
    return region;
}

async function addPlaces(container, run, channel, region) {
    const [location] = await run(flows.createStockLocationsWorkflow, {
        locations: [{ name: 'Entrepôt', address: { city: 'Lyon', country_code: 'FR', address_1: 'Quai 1' } }],
    });
    const [profile] = await run(flows.createShippingProfilesWorkflow, {
        data: [{ name: 'Colis', type: 'default' }],
    });
    const set = await container.resolve(Modules.FULFILLMENT).createFulfillmentSets({
        name: 'Livraison',
        type: 'shipping',
        service_zones: [{ name: 'France', geo_zones: [{ country_code: 'fr', type: 'country' }] }],
    });
    const link = container.resolve(ContainerRegistrationKeys.LINK);
    const place = { [Modules.STOCK_LOCATION]: { stock_location_id: location.id } };
    await link.create([
        { ...place, [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' } },
        { ...place, [Modules.FULFILLMENT]: { fulfillment_set_id: set.id } },
    ]);
    await run(flows.createShippingOptionsWorkflow, [
        {
            name: 'Livraison standard',
            price_type: 'flat',
            provider_id: 'manual_manual',
            service_zone_id: set.service_zones[0].id,
            shipping_profile_id: profile.id,
            type: { label: 'Standard', description: 'Sous 3 jours', code: 'standard' },
            prices: [{ region_id: region.id, amount: 4.9 }],
            rules: [
                { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
                { attribute: 'is_return', value: 'false', operator: 'eq' },
            ],
        },
    ]);
    await run(flows.linkSalesChannelsToStockLocationWorkflow, { id: location.id, add: [channel.id] });
    return { location, profile };
}

/** A store to which orders are sent for nothing, as Medusa's own admin sets one up. */
async function addStore(container, run, channel, region, profile) {
    const [store] = await run(flows.createStockLocationsWorkflow, {
        locations: [{ name: 'Lyon Part-Dieu', address: { city: 'Lyon', country_code: 'FR', address_1: 'Rue 2' } }],
    });
    const set = await container.resolve(Modules.FULFILLMENT).createFulfillmentSets({
        name: 'Retrait Lyon Part-Dieu',
        type: 'pickup',
        service_zones: [{ name: 'Retrait', geo_zones: [{ country_code: 'fr', type: 'country' }] }],
    });
    const place = { [Modules.STOCK_LOCATION]: { stock_location_id: store.id } };
    await container.resolve(ContainerRegistrationKeys.LINK).create([
        { ...place, [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' } },
        { ...place, [Modules.FULFILLMENT]: { fulfillment_set_id: set.id } },
    ]);
    await run(flows.createShippingOptionsWorkflow, [
        {
            name: 'Retrait en magasin',
            price_type: 'flat',
            provider_id: 'manual_manual',
            service_zone_id: set.service_zones[0].id,
            shipping_profile_id: profile.id,
            type: { label: 'Retrait', description: 'En magasin', code: 'pickup' },
            prices: [{ region_id: region.id, amount: 0 }],
            rules: [
                { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
                { attribute: 'is_return', value: 'false', operator: 'eq' },
            ],
        },
    ]);
    await run(flows.linkSalesChannelsToStockLocationWorkflow, { id: store.id, add: [channel.id] });
    return store;
}

function addArticles(run, channel, profile) {
    return run(flows.createProductsWorkflow, {
        products: ARTICLES.map(([title, variant, sku, barcode, amount, stock]) => ({
            title,
            handle: barcode,
            status: ProductStatus.PUBLISHED,
            shipping_profile_id: profile.id,
            sales_channels: [{ id: channel.id }],
            options: [{ title: 'Format', values: [variant ?? 'Unique'] }],
            variants: [
                {
                    title: variant ?? 'Unique',
                    sku: sku ?? undefined,
                    barcode,
                    manage_inventory: stock < PLENTY,
                    options: { Format: variant ?? 'Unique' },
                    prices: [{ amount, currency_code: 'eur' }],
                },
            ],
        })),
    });
}

async function addStock(container, run, location, stock = IN_WAREHOUSE) {
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const { data } = await query.graph({ entity: 'inventory_item', fields: ['id', 'sku'] });
    await run(flows.createInventoryLevelsWorkflow, {
        inventory_levels: data.filter(({ sku }) => stock.has(sku)).map(({ id, sku }) => ({
            location_id: location.id,
            inventory_item_id: id,
            stocked_quantity: stock.get(sku),
        })),
    });
}

async function addTaxes(run, products) {
    const [region] = await run(flows.createTaxRegionsWorkflow, [
        {
            country_code: 'fr',
            provider_id: 'tp_system',
            default_tax_rate: { name: 'TVA 20 %', code: 'TVA20', rate: 20 },
        },
    ]);
    const reduced = products.filter(product => REDUCED_TAX.has(product.title));
    await run(flows.createTaxRatesWorkflow, [
        {
            tax_region_id: region.id,
            name: 'TVA 5,5 %',
            code: 'TVA55',
            rate: 5.5,
            rules: reduced.map(({ id }) => ({ reference: 'product', reference_id: id })),
        },
    ]);
}

function addPromotion(run) {
    return run(flows.createPromotionsWorkflow, {
        promotionsData: [
            {
                code: 'BIENVENUE10',
                type: 'standard',
                status: 'active',
                is_automatic: false,
                is_tax_inclusive: true,
                application_method: {
                    type: 'percentage',
                    target_type: 'items',
                    allocation: 'across',
                    value: 10,
                    currency_code: 'eur',
                },
            },
        ],
    });
}

async function addKeys(run, channel) {
    const [browser, gateway] = await run(flows.createApiKeysWorkflow, {
        api_keys: [
            { title: 'Storefront', type: 'publishable', created_by: '' },
            { title: 'CartBridge', type: 'secret', created_by: '' },
        ],
    });
    await run(flows.linkSalesChannelsToApiKeyWorkflow, { id: browser.id, add: [channel.id] });
    return { publishable_key: browser.token, secret_key: gateway.token };
}

module.exports = { default: seed };
