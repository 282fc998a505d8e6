/**
 * Boots the test shop whatever is missing: its packages, its database, its content.
 *
 * As a program: `node boot.mjs`, configured by the environment (see the README), until it is ended.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Installs what package-lock.json names, unless it is there. */
export function install() {
    if (!existsSync(path.join(HERE, 'node_modules/@vendure/core'))) {
        const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
        execFileSync('npm', ['ci', ...quietly], { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] });
    }
}

/** Creates and fills the database named by `env.PGDATABASE`, unless it is there. */
export async function prepareDatabase(env) {
    const { Client } = require('pg');
    const client = new Client({
        host: env.PGHOST,
        port: Number(env.PGPORT),
        user: env.PGUSER,
        password: env.PGPASSWORD,
        database: 'postgres',
    });
    await client.connect();
    const name = client.escapeIdentifier(env.PGDATABASE);
    try {
        const found = await client.query('select 1 from pg_database where datname = $1', [env.PGDATABASE]);
        if (found.rowCount === 0) {
            await client.query(`create database ${name}`);
            seed(env);
        }
    } catch (error) {
        await client.query(`drop database if exists ${name}`); // a half-filled one would look ready
        throw error;
    } finally {
        await client.end();
    }
}

function seed(env) {
    execFileSync(process.execPath, ['seed.js'], { cwd: HERE, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Starts the shop; answers once it is ready, with a `stop` that may be a `kill -9`. */
export async function startShop(env) {
    const child = spawn(process.execPath, ['server.js'], {
        cwd: HERE,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise(resolve => child.once('exit', resolve));
    let log = '';
    await new Promise((resolve, reject) => {
        const read = chunk => {
            log += chunk;
            if (/^ready /m.test(log)) {
                resolve();
            }
        };
        child.stdout.on('data', read);
        child.stderr.on('data', read);
        child.once('exit', code => reject(new Error(`The shop ended with ${code}:\n${log}`)));
    });
    return {
        url: `http://127.0.0.1:${env.PORT}`,
        ended,
        log: () => log,
        async stop(signal = 'SIGTERM') {
            child.kill(signal);
            await ended;
        },
    };
}

/** Everything above, in order. */
export async function bootShop(env) {
    install();
    await prepareDatabase(env);
    return startShop(env);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const env = {
        ...process.env,
        PGHOST: process.env.PGHOST ?? '127.0.0.1',
        PGPORT: process.env.PGPORT ?? '5432',
        PGUSER: process.env.PGUSER ?? 'postgres',
        PGPASSWORD: process.env.PGPASSWORD ?? '',
        PGDATABASE: process.env.PGDATABASE ?? 'vendure',
        PORT: process.env.PORT ?? '3000',
    };
    const shop = await bootShop(env);
    process.stdout.write(`ready ${shop.url}\n`);
    for (const signal of ['SIGINT', 'SIGTERM']) {
        process.on(signal, () => shop.stop(signal));
    }
    await shop.ended;
}
