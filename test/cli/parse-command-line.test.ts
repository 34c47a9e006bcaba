import { describe, expect, it } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { helpText } from '../../src/cli/help.ts';
import { parseCommandLine, UsageError } from '../../src/cli/parse-command-line.ts';

const parse = (line: string, takesFile = false) =>
  parseCommandLine(line === '' ? [] : line.split(' '), { takesFile });

const run = {
  type: 'run',
  command: 'start',
  file: null,
  flags: {},
  room: null,
  participantIdentity: null,
  isEmbedded: false,
};

describe('a command line', () => {
  it('without words asks for help', () => {
    expect(parse('')).toEqual({ type: 'help', command: null });
  });

  it.each([
    ['--help', { type: 'help', command: null }],
    ['-h', { type: 'help', command: null }],
    ['dev --help', { type: 'help', command: 'dev' }],
    ['-h connect', { type: 'help', command: 'connect' }],
    ['--version', { type: 'version' }],
    ['-V', { type: 'version' }],
    ['start', run],
    ['dev', { ...run, command: 'dev' }],
    ['dev --embedded', { ...run, command: 'dev', isEmbedded: true }],
    [
      'connect --room r --participant-identity ann',
      { ...run, command: 'connect', room: 'r', participantIdentity: 'ann' },
    ],
  ])('%s', (line, order) => {
    expect(parse(line)).toEqual(order);
  });

  it('is followed by the agent file under the binary', () => {
    expect(parse('start agent.js', true)).toEqual({ ...run, file: 'agent.js' });
    expect(parse('start --port 1 agent.js', true)).toMatchObject({ file: 'agent.js' });
  });

  it.each([
    ['start --inspect', { inspect: true }],
    ['--inspect start', { inspect: true }],
    ['start --inspect stately', { inspect: 'stately' }],
    ['start --inspect=stately', { inspect: 'stately' }],
    ['start --inspect --record run.ndjson', { inspect: true, record: 'run.ndjson' }],
    ['start --inspect-control', { inspectControl: true }],
  ])('%s: a value that need not be there', (line, options) => {
    expect(parse(line)).toEqual({ ...run, flags: options });
  });

  it('takes what follows --inspect for the agent file, unless it is its value', () => {
    const set = { inspect: true };
    expect(parse('start --inspect agent.js', true)).toEqual({
      ...run,
      flags: set,
      file: 'agent.js',
    });
    expect(parse('start --inspect stately agent.js', true)).toEqual({
      ...run,
      flags: { inspect: 'stately' },
      file: 'agent.js',
    });
    expect(() => parse('start --inspect=yes')).toThrow('--inspect takes only stately.');
  });

  it('sets options, wherever the flags stand', () => {
    const line =
      '--url wss://h --api-key k --api-secret=s start --worker-token t --agent-name a --deployment d --no-announce --no-rehearse ' +
      '--no-code-cache --no-quick-connect ' +
      '--max-jobs 3 --num-idle-processes 0 --load-threshold 0.5 --drain-timeout 2m --host ::1 --port 0 ' +
      '--log-level WARN --log-format json';
    expect(parse(line)).toEqual({
      ...run,
      flags: {
        wsURL: 'wss://h',
        apiKey: 'k',
        apiSecret: 's',
        workerToken: 't',
        agentName: 'a',
        deployment: 'd',
        announce: false,
        quickConnect: false,
        rehearse: false,
        codeCache: false,
        maxJobs: 3,
        numIdleProcesses: 0,
        loadThreshold: 0.5,
        drainTimeoutMs: 120_000,
        host: '::1',
        port: 0,
        logLevel: 'warn',
        logFormat: 'json',
      },
    });
  });

  it.each([
    ['1h', 3_600_000],
    ['30m', 1_800_000],
    ['90s', 90_000],
    ['1.5s', 1500],
    ['500ms', 500],
    ['90', 90_000],
    ['0', 0],
  ])('reads --drain-timeout %s as %i ms', (text, drainTimeoutMs) => {
    expect(parse(`start --drain-timeout ${text}`)).toMatchObject({ flags: { drainTimeoutMs } });
  });

  it('turns the HTTP server off with --port none', () => {
    expect(parse('start --port none')).toMatchObject({ flags: { port: null } });
  });
});

describe('a mistake is told with what to do', () => {
  it.each([
    ['stat', 'There is no command stat. Did you mean "start"?'],
    ['run', 'There is no command run. Commands: start, dev, connect.'],
    ['agent.js start', 'There is no command agent.js. Did you mean "start agent.js"?'],
    [
      'download-files',
      'There is no command download-files: plugins of @livekit/agents load their files with "npx livekit-agents download-files".',
    ],
    ['--port 80', 'There is no command: give start, dev or connect.'],
    ['start --prot 80', 'There is no flag --prot. Did you mean --port?'],
    ['start --nonsense', 'There is no flag --nonsense.'],
    ['start -p 80', 'There is no flag -p.'],
    ['start --worker-tokn x', 'There is no flag --worker-tokn.'],
    ['start --port', '--port needs a value: --port PORT.'],
    ['start --host --port 80', '--host needs a value: --host HOST.'],
    ['start --port x', '--port x: allowed is a port from 0 to 65535, or none.'],
    ['start --max-jobs many', '--max-jobs many: allowed is a number.'],
    [
      'start --drain-timeout soon',
      '--drain-timeout soon: allowed is 1h, 30m, 90s, 500ms, or a plain number of seconds.',
    ],
    ['start --help=yes', '--help takes no value.'],
    ['connect', 'connect needs a room: add --room NAME.'],
    ['connect --room=', 'connect needs a room: add --room NAME.'],
    ['start --room r', '--room is a flag of connect, not of start.'],
    ['start agent.js', 'start takes no "agent.js".'],
  ])('%s', (line, message) => {
    expect(() => parse(line)).toThrow(new UsageError(message));
  });

  it.each([
    ['start', 'Which agent? Give its file: greenroom start agent.js'],
    ['start one.js two.js', 'start takes no "two.js".'],
  ])('greenroom %s', (line, message) => {
    expect(() => parse(line, true)).toThrow(new UsageError(message));
  });
});

describe('the help', () => {
  const program = { program: 'node agent.js', takesFile: false };
  const text = helpText(program, null);

  it.each(flags.filter(({ isHidden }) => isHidden !== true))('names --$name', (flag) => {
    const words = text.replace(/\s+/g, ' ');
    expect(words).toContain(`--${flag.name}`);
    for (const variable of flag.env ?? []) expect(words).toContain(variable);
    if (flag.default !== undefined) expect(words).toContain(`Default: ${flag.default}.`);
  });

  it('keeps hidden flags to itself', () => {
    expect(text).not.toContain('worker-token');
  });

  it('fits a terminal, and ends with a line end', () => {
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(96);
    expect(text).toMatch(/[^\n]\n$/);
  });

  it('of a command leaves out what belongs to others', () => {
    expect(helpText(program, 'start')).not.toContain('--room');
    expect(helpText(program, 'connect')).toContain(
      'Usage: node agent.js connect --room NAME [FLAGS]',
    );
  });

  it('of the binary has the agent file in every example', () => {
    const binaryText = helpText({ program: 'greenroom', takesFile: true }, null);
    expect(binaryText).toContain('Usage: greenroom COMMAND AGENT_FILE [FLAGS]');
    expect(binaryText).toContain('greenroom dev agent.js');
  });
});
