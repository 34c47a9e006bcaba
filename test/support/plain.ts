/**
 * `npm run test:plain`: the tests of whole workers, with everything off that is there for speed alone. What holds with it has
 * to hold without it.
 */

const isPlain = process.env['GREENROOM_TESTS_PLAIN'] === 'yes';

/** The environment that switches the options off; nothing in every other run. */
export const plainEnvironment: Record<string, string> = isPlain
  ? {
      GREENROOM_ANNOUNCE: 'false',
      GREENROOM_QUICK_CONNECT: 'false',
      GREENROOM_REHEARSE: 'false',
      GREENROOM_CODE_CACHE: 'false',
    }
  : {};

/** V8's own value, which wins over that of job processes; later versions of Node have no such flag. */
export const plainNodeArgs: string[] =
  isPlain && process.version.startsWith('v20.') ? ['--interrupt-budget=67584'] : [];
