import type { Failure } from './messages.ts';

/** The plain form of anything that an actor failed with; `code` stands for errors that bring none of the project's. */
export function failureOf(error: unknown, code: string): Failure {
  const { code: ownCode, message, stack } = fieldsOf(error);
  const failure: Failure = {
    code: typeof ownCode === 'string' && ownCode.startsWith('GR_') ? ownCode : code,
    message: typeof message === 'string' && message !== '' ? message : describe(error),
  };
  if (typeof stack === 'string') failure.stack = stack;
  return failure;
}

function fieldsOf(error: unknown): { code?: unknown; message?: unknown; stack?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.name;
  try {
    return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error));
  } catch {
    return 'a value that cannot be shown';
  }
}
