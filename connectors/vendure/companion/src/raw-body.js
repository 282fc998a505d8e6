/** Keeps the exact bytes of a signed call, which Vendure would otherwise parse and forget. */
'use strict';

const MOST_BYTES = 1024 * 1024;

/**
 * Express middleware: leaves the body in `req.body` as the bytes that came; 413 beyond 1 MiB.
 *
 * @param {import('http').IncomingMessage & {body?: Buffer}} req
 * @param {import('http').ServerResponse} res
 * @param {() => void} next
 */
function keepRawBody(req, res, next) {
    const chunks = [];
    let size = 0;
    const take = chunk => {
        size += chunk.length;
        if (size <= MOST_BYTES) {
            chunks.push(chunk);
            return;
        }
        req.off('data', take);
        req.resume();
        res.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
        res.end(JSON.stringify({ error: 'too_large', message: `At most ${MOST_BYTES} bytes.` }));
    };
    req.on('data', take);
    req.on('end', () => {
        if (size <= MOST_BYTES) {
            req.body = Buffer.concat(chunks);
            next();
        }
    });
}

module.exports = { keepRawBody };
