import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('greenroom/package.json') as { version: string };

/** Version of this package. */
export const version = manifest.version;
