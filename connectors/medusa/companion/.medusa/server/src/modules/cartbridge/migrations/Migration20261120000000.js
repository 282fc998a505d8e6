/** The companion's tables: a row per cart, what waits for the gateway, and the answers to writes. */
'use strict';

const { Migration } = require('@medusajs/framework/mikro-orm/migrations');

class Migration20261120000000 extends Migration {
    async up() {
        this.addSql(`create table if not exists "cartbridge_cart" (
            "id" text not null primary key,
            "revision" integer not null default 0,
            "content_hash" text null,
            "state" text not null default 'open',
            "position" bigint null,
            "changed_at" timestamptz null,
            "looked_at" timestamptz null,
            "last_push" text null,
            "refused" jsonb not null default '[]',
            "writing" jsonb null,
            "writing_until" timestamptz null,
            "customer_id" text null,
            "frozen_until" timestamptz null,
            "frozen_where" text null,
            "receipt_number" text null)`);
        this.addSql('create unique index if not exists "cartbridge_cart_position" on "cartbridge_cart" ("position")');
        this.addSql(`create table if not exists "cartbridge_outbox" (
            "id" bigserial primary key,
            "cart_id" text not null,
            "message_id" text not null,
            "state" text not null,
            "body" text not null,
            "attempts" integer not null default 0,
            "due_at" timestamptz not null default now(),
            "lease_until" timestamptz null)`);
        this.addSql('create index if not exists "cartbridge_outbox_cart" on "cartbridge_outbox" ("cart_id", "id")');
        this.addSql(`create table if not exists "cartbridge_push" (
            "cart_id" text not null,
            "push_id" text not null,
            "answer" text not null,
            "created_at" timestamptz not null default now(),
            primary key ("cart_id", "push_id"))`);
    }

    async down() {
        for (const table of ['cartbridge_cart', 'cartbridge_outbox', 'cartbridge_push']) {
            this.addSql(`drop table if exists "${table}"`);
        }
    }
}

module.exports = { Migration20261120000000 };
