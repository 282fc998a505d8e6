/** Holds goods for a cart in one stock location, as reservations of Medusa that end by themselves. */
'use strict';

const { MedusaError, Modules } = require('@medusajs/framework/utils');
const { createReservationsWorkflow, deleteReservationsWorkflow } = require('@medusajs/medusa/core-flows');
const { keyOf } = require('./articles');
const { connection } = require('./database');
const { OURS, Shelves, countedParts } = require('./stock');

const UNTIL = 'cartbridge_until';
const ATTEMPTS = 3;
const PATIENCE_SECONDS = 5;

/**
 * Answers `{stock}`: each article in each location that stocks it, what can be sold and what is held.
 *
 * @param {any} container
 * @param {{articles: object[], locations: string[]}} request
 */
async function stockOf(container, { articles, locations }) {
    await freeOver(container);
    const counted = await countedParts(container, articles);
    const shelves = await Shelves.read(container, [...counted.values()].flat(), locations);
    const stock = articles.flatMap(({ sku, gtin }) => {
        const parts = counted.get(keyOf({ sku, gtin }));
        return (parts ? locations : [])
            .filter(location => shelves.free(parts, location) !== undefined)
            .map(location => ({
                ...(sku ? { sku } : { gtin }),
                location,
                quantity: String(shelves.free(parts, location)),
                held: told(shelves.held(parts, location)),
            }));
    });
    return { stock };
}

/**
 * Holds as much as there is and answers `{held}`; the same name again holds no more, only longer.
 *
 * @param {any} container
 * @param {{name: string, location: string, until: string, label: string, lines: object[]}} request
 */
function hold(container, request) {
    return alone(container, request.name, async () => {
        await freeOver(container);
        const counted = await countedParts(container, request.lines);
        const known = await ofName(container, request.name);
        if (known.length) {
            await extend(container, known, request.until);
        } else {
            await reserve(container, request, counted);
        }
        const shelves = await Shelves.read(container, [...counted.values()].flat(), [request.location]);
        const held = request.lines
            .filter(line => counted.has(keyOf(line)))
            .map(({ sku, gtin }) => {
                const names = shelves.held(counted.get(keyOf({ sku, gtin })), request.location);
                return { ...(sku ? { sku } : { gtin }), quantity: String(names[request.name] ?? 0) };
            });
        return { held };
    });
}

/** Frees what a name holds; one that holds nothing is no error. */
function release(container, { name }) {
    return alone(container, name, async () => {
        await free(container, (await ofName(container, name)).map(({ id }) => id));
        return {};
    });
}

/** Frees what every hold whose time is over still keeps. */
async function freeOver(container) {
    const held = await connection(container)('reservation_item')
        .where('external_id', 'like', `${OURS}%`)
        .whereNull('deleted_at')
        .select('id', 'metadata');
    const now = new Date();
    await free(container, held.filter(one => new Date(one.metadata?.[UNTIL]) <= now).map(({ id }) => id));
}

/** All lines or none; what somebody else took meanwhile is counted anew. */
async function reserve(container, request, counted) {
    for (let attempt = 1; ; attempt += 1) {
        const shelves = await Shelves.read(container, [...counted.values()].flat(), [request.location]);
        const taken = new Map(); // articles may share a part
        const reservations = request.lines.flatMap(line => rowsFor(line, request, counted, shelves, taken));
        try {
            if (reservations.length) {
                await createReservationsWorkflow(container).run({ input: { reservations } });
            }
            return;
        } catch (error) {
            if (attempt === ATTEMPTS || error.type !== MedusaError.Types.NOT_ALLOWED) {
                throw error;
            }
        }
    }
}

function rowsFor(line, { name, location, until, label }, counted, shelves, taken) {
    const parts = counted.get(keyOf(line));
    const pieces = parts ? Math.min(line.quantity, shelves.free(parts, location, taken) ?? 0) : 0;
    return (pieces > 0 ? parts : []).map(({ id, required }) => {
        const quantity = pieces * Number(required || 1);
        taken.set(id, (taken.get(id) ?? 0) + quantity);
        return {
            inventory_item_id: id,
            location_id: location,
            quantity,
            external_id: OURS + name,
            description: label,
            metadata: { [UNTIL]: until },
        };
    });
}

async function extend(container, reservations, until) {
    const sooner = reservations.filter(one => !(new Date(one.metadata?.[UNTIL]) >= new Date(until)));
    await container
        .resolve(Modules.INVENTORY)
        .updateReservationItems(sooner.map(({ id, metadata }) => ({ id, metadata: { ...metadata, [UNTIL]: until } })));
}

async function free(container, ids) {
    if (ids.length) {
        await deleteReservationsWorkflow(container).run({ input: { ids } });
    }
}

const told = held => Object.fromEntries(Object.entries(held).map(([name, pieces]) => [name, String(pieces)]));

const ofName = (container, name) =>
    container.resolve(Modules.INVENTORY).listReservationItems({ external_id: OURS + name }, { take: null });

/** Calls about one name wait for each other. */
const alone = (container, name, work) =>
    container.resolve(Modules.LOCKING).execute(`cartbridge-hold-${name}`, work, { timeout: PATIENCE_SECONDS });

module.exports = { freeOver, hold, release, stockOf };
