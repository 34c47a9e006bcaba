/** The log of worker and job processes: JSON lines on standard output, or lines for people while developing. */
import { createRequire } from 'node:module';
import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import type prettyModule from 'pino-pretty';
import { redactTokens } from './protocol/redact-tokens.ts';
import type { LogLevel } from './worker-options.ts';

/** How to log. */
export interface LoggerOptions {
  /** Lines for people instead of JSON. */
  pretty: boolean;
  /** @defaultValue 'info' */
  level?: LogLevel | undefined;
}

const secrets = ['token', 'apiSecret', 'apiKey', 'authorization', 'workerToken'];

let current: Logger | null = null;

/** Sets up the log of this process. Loggers handed out before keep their old settings. */
export function initializeLogger(options: LoggerOptions): void {
  current = createLogger(options);
}

/** The log of this process; JSON lines at level `info` until it is set up. */
export function log(): Logger {
  current ??= createLogger({ pretty: false });
  return current;
}

/** Makes a logger; `stream` stands in for standard output. */
export function createLogger(options: LoggerOptions, stream?: DestinationStream): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      // Wherever one may stand: in the message of an error of the native library, in a text of the user's.
      hooks: { streamWrite: redactTokens },
      redact: {
        paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
    },
    stream ?? standardOutput(options.pretty),
  );
}

/** Writes at once: a process that is about to end loses no line. */
function standardOutput(pretty: boolean): DestinationStream {
  if (!pretty) return destination({ dest: 1, sync: true });
  // Only needed while developing, and too heavy to be loaded by every job process in production.
  const { default: build } = createRequire(import.meta.url)('pino-pretty') as {
    default: typeof prettyModule;
  };
  return build({
    destination: 1,
    sync: true,
    colorize: process.stdout.isTTY,
    singleLine: true,
    // The text says what the event is; whoever reads by eye has the inspector.
    ignore: 'hostname,event,lastEvents',
  });
}
