/** Where the build wrote the page: the tests load the server from its source. */
import { fileURLToPath } from 'node:url';

export const builtPage = fileURLToPath(new URL('../../../dist/src/inspect/page/', import.meta.url));
