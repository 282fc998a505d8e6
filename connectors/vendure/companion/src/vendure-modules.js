/** The libraries that Vendure itself runs on, in exactly the copies it runs on. */
'use strict';

const { createRequire } = require('node:module');

// A second copy of Nest or TypeORM would keep its own books: entities and providers would not be found.
const fromVendure = createRequire(require.resolve('@vendure/core'));

module.exports = {
    graphql: fromVendure('graphql'),
    nest: fromVendure('@nestjs/common'),
    nestGraphql: fromVendure('@nestjs/graphql'),
    typeorm: fromVendure('typeorm'),
};
