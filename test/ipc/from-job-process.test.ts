import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../machines/session/outcomes.ts';
import { describeUnknown, toChildReport } from '../../src/ipc/from-job-process.ts';
import { type FromJobProcess, LINK_VERSION } from '../../src/ipc/messages.ts';

const failure = { code: 'GR_ENTRY_FAILED', message: 'boom', stack: 'Error: boom\n    at entry' };
const outcome = { outcome: 'failed', reason: 'entry-failed', detail: 'boom', failure } as const;

const messages = {
  warm: { type: 'warm', version: LINK_VERSION, warmupMs: 412.5 },
  warmupFailed: { type: 'warmupFailed', failure, fatal: true },
  pong: { type: 'pong', id: 7 },
  'session.started': { type: 'session.started' },
  'session.connecting': { type: 'session.connecting' },
  'session.connected': { type: 'session.connected', roomSid: 'RM_1', identity: 'agent' },
  'session.reconnecting': { type: 'session.reconnecting' },
  'session.reconnected': { type: 'session.reconnected' },
  'session.closing': { type: 'session.closing', reason: 'agent-ended', detail: 'bye' },
  'session.warning': { type: 'session.warning', step: 'callbacks', failure },
  'session.outcome': { type: 'session.outcome', outcome },
  'session.deleteRoom': { type: 'session.deleteRoom', id: 1 },
} satisfies { [Type in FromJobProcess['type']]: Extract<FromJobProcess, { type: Type }> };

const own = {
  warm: { type: 'link.warm', warmupMs: 412.5 },
  warmupFailed: { type: 'link.warmupFailed', failure, fatal: true },
  pong: { type: 'link.ponged', id: 7 },
};

/** The message with one field, which may be nested, replaced. */
function changed(message: object, path: string, value: unknown): unknown {
  const copy = structuredClone(message) as Record<string, unknown>;
  const [first = '', second] = path.split('.');
  if (second === undefined) copy[first] = value;
  else (copy[first] as Record<string, unknown>)[second] = value;
  return copy;
}

function pathsOf(message: object): string[] {
  return Object.entries(message).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? [name, ...Object.keys(value as object).map((inner) => `${name}.${inner}`)]
      : [name],
  );
}

/** Every field with the kind of its value; what may be left out is left out. */
function kindsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  return Object.entries(value)
    .filter(([name]) => name !== 'stack' && name !== 'failure')
    .flatMap(([name, inner]) => kindsOf(inner, `${path}/${name}`));
}

describe('what a job process says', () => {
  it.each(Object.values(messages))('is taken: $type', (message) => {
    const expected = message.type in own ? own[message.type as keyof typeof own] : message;
    expect(toChildReport(message)).toEqual(expected);
  });

  it.each(Object.values(messages))('loses what does not belong to it: $type', (message) => {
    const more = { ...message, type: message.type, jobId: 'AJ_other', extra: { deep: [1] } };
    expect(toChildReport(more)).toEqual(toChildReport(message));
  });

  it('loses what does not belong to a failure and to an outcome', () => {
    const secretly = { ...outcome, jobId: 'AJ_other', failure: { ...failure, apiSecret: 's' } };
    expect(toChildReport({ type: 'session.outcome', outcome: secretly })).toEqual(
      messages['session.outcome'],
    );
  });

  it.each(Object.keys(OUTCOMES))('may give the reason %s', (reason) => {
    expect(toChildReport(changed(messages['session.closing'], 'reason', reason))).toMatchObject({
      reason,
    });
  });

  it('may have ended without a failure', () => {
    const report = toChildReport(changed(messages['session.outcome'], 'outcome.failure', null));
    expect(report).toEqual({ type: 'session.outcome', outcome: { ...outcome, failure: null } });
  });

  it('may be of another version: the failure says so', () => {
    expect(toChildReport({ type: 'warm', version: 99 })).toMatchObject({
      type: 'link.warmupFailed',
      failure: { code: 'GR_LINK_VERSION' },
      fatal: true,
    });
  });
});

describe('refused is', () => {
  it.each([
    null,
    undefined,
    'warm',
    5,
    [],
    {},
    { type: 5 },
    { type: 'toString' },
    { type: 'launch' },
  ])('%j', (message) => {
    expect(toChildReport(message)).toBeNull();
  });

  it.each([
    ['warm', 'version', 'one'],
    ['warm', 'warmupMs', -1],
    ['warm', 'warmupMs', null],
    ['warmupFailed', 'fatal', 'yes'],
    ['warmupFailed', 'failure', null],
    ['warmupFailed', 'failure', 'boom'],
    ['warmupFailed', 'failure.code', 5],
    ['warmupFailed', 'failure.code', 'ENOENT'],
    ['warmupFailed', 'failure.code', `GR_${'A'.repeat(100)}`],
    ['warmupFailed', 'failure.message', undefined],
    ['warmupFailed', 'failure.stack', {}],
    ['pong', 'id', 1.5],
    ['pong', 'id', '1'],
    ['session.connected', 'identity', null],
    ['session.connected', 'roomSid', 5],
    ['session.closing', 'reason', 'because'],
    ['session.closing', 'reason', 'toString'],
    ['session.closing', 'detail', { toString: 'x' }],
    ['session.warning', 'step', 5],
    ['session.warning', 'failure.message', 5],
    ['session.outcome', 'outcome', []],
    ['session.outcome', 'outcome.outcome', 'won'],
    ['session.outcome', 'outcome.reason', 'because'],
    ['session.outcome', 'outcome.detail', null],
    ['session.outcome', 'outcome.failure', undefined],
    ['session.outcome', 'outcome.failure', { code: 'GR_X' }],
    ['session.deleteRoom', 'id', NaN],
    ['session.deleteRoom', 'id', 2 ** 60],
  ] as const)('%s with %s %j', (type, path, value) => {
    expect(toChildReport(changed(messages[type], path, value))).toBeNull();
  });

  it('any field of another kind, unless it may be: what is taken has the kinds it should', () => {
    const odd = [null, -0.5, '', 'x', true, [], [[]], {}, { type: 'warm' }, undefined];
    for (const message of Object.values(messages)) {
      for (const path of pathsOf(message)) {
        for (const value of odd) {
          const report = toChildReport(changed(message, path, value));
          if (report !== null) expect(kindsOf(report)).toEqual(kindsOf(toChildReport(message)));
        }
      }
    }
  });
});

describe('a text', () => {
  const detailOf = (detail: string): string => {
    const report = toChildReport({ type: 'session.closing', reason: 'agent-ended', detail });
    return report?.type === 'session.closing' ? report.detail : '';
  };

  it('of 8 KiB is kept', () => {
    expect(detailOf('x'.repeat(8192))).toBe('x'.repeat(8192));
  });

  it.each(['x', 'ä', '€', '😀'])('that is longer is cut at a whole character: %s', (character) => {
    const cut = detailOf(character.repeat(8193));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(8192);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(8192 - 4);
    expect(cut.endsWith(`${character}…`)).toBe(true);
    expect(cut).not.toContain('\uFFFD');
  });

  it('is cut wherever it stands', () => {
    const long = 'x'.repeat(100_000);
    const report = toChildReport({
      type: 'session.outcome',
      outcome: { ...outcome, detail: long, failure: { ...failure, message: long, stack: long } },
    });
    expect(JSON.stringify(report).length).toBeLessThan(3 * 8192 + 500);
  });

  it('shows no token', () => {
    expect(detailOf('see wss://host/rtc?access_token=eyJhbGciOi.eyJzdWIi.c2ln&x=1')).toBe(
      'see wss://host/rtc?access_token=<token>&x=1',
    );
  });
});

describe('a message that is none of ours', () => {
  it('is shown with its kind', () => {
    expect(describeUnknown({ type: 'nonsense' })).toBe('{"type":"nonsense"} (object)');
    expect(describeUnknown('hello')).toBe('"hello" (string)');
  });

  it('is shown in part, and without tokens', () => {
    const shown = describeUnknown({ token: 'eyJhbGciOi.eyJzdWIi.c2ln', more: 'x'.repeat(1e6) });
    expect(shown).toMatch(/^\{"token":"<token>","more":"x+…$/);
    expect(Buffer.byteLength(shown)).toBe(200);
  });
});
