/** The companion on a real Vendure and a real PostgreSQL, with a gateway that can be out of order. */
import { after, before, beforeEach } from 'node:test';

import { begin, end, resetGateway } from './world.mjs';

before(begin);
after(end);
beforeEach(resetGateway);

// One process and one shop for all of them, so each file only declares its tests.
await import('./promises/shopper-actions.mjs');
await import('./promises/outages.mjs');
await import('./promises/gateway-writes.mjs');
await import('./promises/frozen-carts.mjs');
await import('./promises/logins.mjs');
await import('./promises/hand-overs.mjs');
await import('./promises/door.mjs');
await import('./promises/options.mjs');
await import('./promises/amounts.mjs');
await import('./promises/shelves.mjs');
