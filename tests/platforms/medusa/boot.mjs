/**
 * Boots the test shop whatever is missing: its packages, our companion in it, its database.
 *
 * As a program: `node boot.mjs`, configured by the environment (see the README), until it is ended;
 * `node boot.mjs prepare` only makes and fills the database.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const COMPANION = path.join(HERE, '../../../connectors/medusa/companion');
const INSTALLED = path.join(HERE, 'node_modules/.cartbridge-lock');
const CLI = path.join(HERE, 'node_modules/@medusajs/cli/cli.js');
const require = createRequire(import.meta.url);
const env = {
    ...process.env,
    NODE_ENV: 'production',
    MEDUSA_DISABLE_TELEMETRY: 'true',
    DATABASE_URL: databaseUrl(process.env.PGDATABASE ?? 'medusa'),
    MEDUSA_TOLD: process.env.MEDUSA_TOLD ?? path.join(HERE, 'node_modules/.cartbridge-told.json'),
    PORT: process.env.PORT ?? '9000',
};

function databaseUrl(name) {
    const { PGHOST = '127.0.0.1', PGPORT = '5432', PGUSER = 'postgres', PGPASSWORD = '' } = process.env;
    const who = `${encodeURIComponent(PGUSER)}${PGPASSWORD && `:${encodeURIComponent(PGPASSWORD)}`}`;
    return PGHOST.startsWith('/')
        ? `postgresql://${who}@localhost:${PGPORT}/${name}?host=${encodeURIComponent(PGHOST)}`
        : `postgresql://${who}@${PGHOST}:${PGPORT}/${name}`;
}

/** Installs what package-lock.json names, unless just that is there. */
function install() {
    const lock = createHash('sha256').update(readFileSync(path.join(HERE, 'package-lock.json'))).digest('hex');
    if (!existsSync(INSTALLED) || readFileSync(INSTALLED, 'utf8') !== lock) {
        // `npm ci` wants the optional packages of every other system as well.
        const quietly = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
        execFileSync('npm', ['install', ...quietly], { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] });
        writeFileSync(INSTALLED, lock);
    }
    const plugin = path.join(HERE, 'node_modules/@cartbridge/medusa-plugin');
    rmSync(plugin, { recursive: true, force: true });
    cpSync(COMPANION, plugin, { recursive: true }); // as npm would: Medusa finds its own packages from there
}

/** Creates and fills the database, unless it is there. */
async function prepareDatabase() {
    const { Client } = require('pg');
    const client = new Client({ connectionString: databaseUrl('postgres') });
    await client.connect();
    const name = client.escapeIdentifier(process.env.PGDATABASE ?? 'medusa');
    try {
        const there = 'select 1 from pg_database where datname = $1';
        if ((await client.query(there, [process.env.PGDATABASE ?? 'medusa'])).rowCount === 0) {
            await client.query(`create database ${name}`);
            medusa('db:migrate', '--execute-safe-links', '--skip-scripts');
            medusa('exec', './seed.js');
        }
    } catch (error) {
        await client.query(`drop database if exists ${name} with (force)`); // half-filled, it would look ready
        throw error;
    } finally {
        await client.end();
    }
}

function medusa(...words) {
    const { status, stdout } = spawnSync(process.execPath, [CLI, ...words], {
        cwd: HERE,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) {
        const said = stdout.split('\n').filter(line => line.includes('rror')).join('\n').slice(0, 4000);
        throw new Error(`medusa ${words[0]} ended with ${status}:\n${said}`);
    }
}

/** Serves until it is ended; says `ready` and its address once it answers. */
async function serve() {
    const words = [CLI, 'start', '--host', '127.0.0.1', '--port', env.PORT];
    const child = spawn(process.execPath, words, { cwd: HERE, env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', chunk => {
        process.stdout.write(chunk);
        if (String(chunk).includes('Server is ready on port')) {
            process.stdout.write(`ready http://127.0.0.1:${env.PORT}\n`);
        }
    });
    for (const signal of ['SIGINT', 'SIGTERM']) {
        process.on(signal, () => child.kill(signal));
    }
    await new Promise(resolve => child.once('exit', resolve));
}

install();
await prepareDatabase();
if (process.argv[2] !== 'prepare') {
    await serve();
}
