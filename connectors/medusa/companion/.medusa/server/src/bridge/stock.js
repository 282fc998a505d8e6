/** How much of an article a stock location can sell now, and what is held there for carts. */
'use strict';

const { MathBN, Modules } = require('@medusajs/framework/utils');
const { findVariants } = require('./find-variants');

// What a reservation of ours is called in Medusa: its `external_id` is this and the hold's name.
const OURS = 'cartbridge:';
const FIELDS = ['manage_inventory', 'inventory_items.inventory_item_id', 'inventory_items.required_quantity'];

/**
 * What is counted of the articles, by article key: the inventory items that one piece is made of.
 *
 * @param {any} container
 * @param {object[]} articles
 * @returns {Promise<Map<string, {id: string, required: any}[]>>}
 */
async function countedParts(container, articles) {
    const found = await findVariants(container, articles, FIELDS);
    const counted = [...found].filter(([, one]) => one.manage_inventory && one.inventory_items?.length);
    return new Map(
        counted.map(([key, one]) => [
            key,
            one.inventory_items.map(part => ({ id: part.inventory_item_id, required: part.required_quantity })),
        ]),
    );
}

/** The shelves of one or more stock locations, as they are when they are read. */
class Shelves {
    constructor(levels, reservations) {
        this.levels = new Map(levels.map(one => [`${one.inventory_item_id} ${one.location_id}`, one]));
        this.reservations = reservations;
    }

    /**
     * Reads what these inventory items have in those locations.
     *
     * @param {any} container
     * @param {{id: string}[]} parts
     * @param {string[]} locations
     * @returns {Promise<Shelves>}
     */
    static async read(container, parts, locations) {
        const inventory = container.resolve(Modules.INVENTORY);
        const where = { inventory_item_id: parts.map(({ id }) => id), location_id: locations };
        const all = { take: null };
        return new Shelves(
            await inventory.listInventoryLevels(where, all),
            (await inventory.listReservationItems(where, all)).filter(isOurs),
        );
    }

    /**
     * How many whole pieces can still be sold there, less what is `taken` of each part already;
     * undefined where a part is not stocked.
     */
    free(parts, location, taken = new Map()) {
        const levels = parts.map(({ id }) => this.levels.get(`${id} ${location}`));
        if (!levels.every(Boolean)) {
            return undefined;
        }
        const pieces = levels.map((level, place) => {
            const gone = MathBN.add(level.reserved_quantity, taken.get(parts[place].id) ?? 0);
            return whole(MathBN.sub(level.stocked_quantity, gone), parts[place]);
        });
        return Math.max(0, Math.min(...pieces));
    }

    /** How many pieces are held there, by the name of the hold. */
    held([first], location) {
        const names = {};
        for (const one of this.reservations) {
            if (one.inventory_item_id === first.id && one.location_id === location) {
                const name = one.external_id.slice(OURS.length);
                names[name] = (names[name] ?? 0) + whole(one.quantity, first);
            }
        }
        return names;
    }
}

const isOurs = ({ external_id: name }) => typeof name === 'string' && name.startsWith(OURS);
const whole = (quantity, { required }) => Math.floor(MathBN.div(quantity, required || 1).toNumber());

module.exports = { OURS, Shelves, countedParts };
