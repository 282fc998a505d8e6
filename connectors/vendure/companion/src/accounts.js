/** Lists the customers with a verified account whose data changed, as they are now. */
'use strict';

const { Customer, TransactionalConnection } = require('@vendure/core');
const { injectable } = require('./decorate');
const { PublicIds } = require('./public-ids');
const { CallRefused } = require('./refusal');
const { USUAL_LISTED } = require('./requests');

// A row's time is from before its commit: what is younger may still get an older neighbour.
const SETTLED = "interval '10 seconds'";
const MOMENT = "(customer.updatedAt at time zone current_setting('TimeZone'))";
const AT = `to_char(${MOMENT} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d{1,18}|[0-9a-f-]{36})$/;
const START = '2000-01-01T00:00:00.000000Z 0';

class Accounts {
    constructor(connection, ids) {
        Object.assign(this, { connection, ids });
    }

    /**
     * Answers `{items, next}`; there is nothing more once `next` is the cursor that was given. Whoever
     * has not proved her e-mail is nobody here.
     *
     * @param {{cursor?: string | null, limit?: number | null}} request
     */
    async list({ cursor, limit }) {
        const place = PLACE.exec(cursor ?? START);
        if (!place) {
            throw new CallRefused(400, 'malformed', 'customers/changed: cursor is not one of ours; start with null.');
        }
        const { connection } = this;
        if (connection.rawConnection.options.type !== 'postgres') {
            throw new CallRefused(400, 'not_supported', 'customers/changed needs PostgreSQL: leave customers off.');
        }
        const { entities, raw } = await connection.rawConnection
            .getRepository(Customer)
            .createQueryBuilder('customer')
            .innerJoin('customer.user', 'account')
            .addSelect(AT, 'at')
            .addSelect('cast(customer.id as varchar)', 'place')
            .where('account.verified = true and customer.deletedAt is null')
            .andWhere(`${MOMENT} < now() - ${SETTLED}`)
            .andWhere(`(${MOMENT}, cast(customer.id as varchar)) > (cast(:at as timestamptz), :id)`, {
                at: place[1],
                id: place[2],
            })
            .orderBy(MOMENT)
            .addOrderBy('cast(customer.id as varchar)')
            .limit(limit ?? USUAL_LISTED)
            .getRawAndEntities();
        const last = raw.at(-1);
        return {
            items: entities.map((one, row) => this.told(one, raw[row].at)),
            next: last ? `${last.at} ${last.place}` : (cursor ?? START),
        };
    }

    told(customer, at) {
        return {
            state: 'customer',
            external_id: this.ids.encode(customer.id),
            updated_at: at,
            email: customer.emailAddress || null,
            phone: customer.phoneNumber || null,
            first_name: customer.firstName || null,
            last_name: customer.lastName || null,
        };
    }
}
injectable(Accounts, [TransactionalConnection, PublicIds]);

module.exports = { Accounts };
