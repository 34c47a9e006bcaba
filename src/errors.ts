/** The error codes and the error classes. Compare by `code`: `instanceof` fails across processes and package copies. */

/** Every code with its meaning. `docs/reference/errors.md` explains each; a test compares the two. */
export const errorCodes = {
  GR_OPTION_INVALID: 'An option has a value that is not allowed.',
  GR_CREDENTIALS_MISSING: 'The server URL, the API key or the API secret is missing.',
  GR_AGENT_NOT_FOUND: 'The agent file does not exist.',
  GR_AGENT_LOAD_FAILED:
    'The agent file could not be loaded: a syntax error, or an error thrown while it loads.',
  GR_AGENT_INVALID:
    'The agent file has no default export made by defineAgent(), or one without a job.',
  GR_PREWARM_FAILED: 'prewarm threw an error.',
  GR_WARMUP_TIMEOUT: 'A job process did not get warm in time.',
  GR_PROCESS_SPAWN_FAILED: 'A job process could not be started.',
  GR_PROCESS_EXITED: 'A job process exited on its own.',
  GR_PROCESS_KILLED: 'A job process was ended by a signal.',
  GR_PROCESS_UNRESPONSIVE: 'A job process did not answer in time.',
  GR_PROCESS_MEMORY_LIMIT: 'A job process took more memory than the limit.',
  GR_LINK_VERSION: 'A job process speaks another version of the link.',
  GR_REGISTRATION_REFUSED: 'The server refused the worker.',
  GR_REGISTRATION_EXHAUSTED: 'The server could not be reached in maxRetry attempts.',
  GR_CONNECTION_FAILED: 'The connection to the server failed.',
  GR_LAUNCH_FAILED: 'A job could not be launched on any process.',
  GR_ASSIGNMENT_TIMEOUT: 'The assignment of an accepted job did not come in time.',
  GR_REQUEST_FAILED: 'requestFunc threw an error.',
  GR_REQUEST_ANSWERED: 'The job request was answered already.',
  GR_ENTRY_FAILED: 'entry threw an error.',
  GR_UNCAUGHT_ERROR: 'An error was thrown in a job process that nothing caught.',
  GR_STEP_FAILED: 'A step of the session close failed.',
  GR_STEP_TIMEOUT: 'A step of the session close ran out of time.',
  GR_ROOM_CONNECT_FAILED: 'The agent could not connect to its room.',
  GR_ROOM_NOT_CONNECTED: 'The room is not connected.',
  GR_PARTICIPANT_WAIT: 'The participant that was waited for did not come.',
  GR_NO_JOB_CONTEXT: 'getJobContext() was called outside a job.',
  GR_FUNCTION_EXISTS: 'The callback was added already.',
  GR_DRAIN_TIMEOUT: 'The drain timed out with jobs still running.',
  GR_LOAD_FAILED: 'The load could not be measured.',
  GR_HTTP_PORT: 'The HTTP server could not listen.',
  GR_RECORDING: 'A recording of the inspector could not be written or read.',
  GR_WORKER_STATE: 'The worker is not in a state in which this can be done.',
  GR_IN_JOB_PROCESS: 'A worker was made inside a job process.',
  GR_PLATFORM: 'The platform is not supported.',
  GR_NO_MEDIA: 'Audio or video was asked of a simulated room.',
  GR_TEST_TIMEOUT: 'What a test waited for did not happen in time.',
  GR_INTERNAL: 'A bug in Greenroom.',
} as const;

/** One of the project's error codes. */
export type ErrorCode = keyof typeof errorCodes;

/** The one error class; the others exist for the names that users of `@livekit/agents` know. */
export class WorkerError extends Error {
  override readonly name: string = 'WorkerError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** The values that the message speaks of. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The server URL, the API key or the API secret is missing. */
export class MissingCredentialsError extends WorkerError {
  override readonly name = 'MissingCredentialsError';
  constructor(message: string, details: Record<string, unknown> = {}) {
    super('GR_CREDENTIALS_MISSING', message, { details });
  }
}

/** The callback was added already. */
export class FunctionExistsError extends WorkerError {
  override readonly name = 'FunctionExistsError';
  constructor(message: string) {
    super('GR_FUNCTION_EXISTS', message);
  }
}

/** The assignment of an accepted job did not come in time. */
export class AssignmentTimeoutError extends WorkerError {
  override readonly name = 'AssignmentTimeoutError';
  constructor(message: string, details: Record<string, unknown> = {}) {
    super('GR_ASSIGNMENT_TIMEOUT', message, { details });
  }
}

/** A failure as machines and the link carry it. */
export interface FailureShape {
  code: string;
  message: string;
  stack?: string;
}

/** Turns anything that was thrown into the plain form that machines carry. */
export function toFailure(error: unknown, code: ErrorCode): FailureShape {
  if (error instanceof Error) {
    const own = (error as { code?: unknown }).code;
    const failure: FailureShape = {
      code: typeof own === 'string' && own in errorCodes ? own : code,
      message: error.message || error.name,
    };
    if (error.stack !== undefined) failure.stack = error.stack;
    return failure;
  }
  return { code, message: describeValue(error) };
}

/** The error that a failure was made of, with the place where it was thrown. */
export function toError({ code, message, stack }: FailureShape): WorkerError {
  const error = new WorkerError(code in errorCodes ? (code as ErrorCode) : 'GR_INTERNAL', message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** A short description of a received value for an error message: `"x" (string)`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${JSON.stringify(value)} (string)`;
  // JSON has no NaN, no Infinity and no bigint.
  if (typeof value === 'number' || typeof value === 'bigint') return `${value} (${typeof value})`;
  if (typeof value === 'function') return `function ${value.name || 'without a name'}`;
  return `${asText(value)} (${Array.isArray(value) ? 'array' : typeof value})`;
}

function asText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A cycle: only its kind can be told.
  }
  return text ?? Object.prototype.toString.call(value);
}
