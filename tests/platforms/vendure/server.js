/** Starts the test shop on a seeded database; says "ready" and its address when it answers. */
'use strict';

const { config } = require('./shop-config');
const { bootstrap, JobQueueService } = require('@vendure/core');

async function start() {
    const app = await bootstrap(config);
    await app.get(JobQueueService).start();
    process.stdout.write(`ready http://127.0.0.1:${config.apiOptions.port}\n`);
}

start().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
