/** The help: all that is needed to run a worker, in the order in which it is needed. */
import { type Command, type CommandName, type Flag, commands, flags } from './flags.ts';
import { tools } from './tools.ts';

/** How the program is called. */
export interface Usage {
  /** Such as `greenroom` or `node agent.js`. */
  program: string;
  /** Whether the agent file follows the command. */
  takesFile: boolean;
}

const indent = '  ';
const nameWidth = 28;
const lineWidth = 96;

/** The help of the whole program, or of one command. */
export function helpText(usage: Usage, command: CommandName | null): string {
  const chosen = commands.find(({ name }) => name === command);
  const sections =
    chosen === undefined
      ? [
          intro(usage),
          commandList(),
          ...toolList(usage),
          flagList(null),
          examples(usage),
          exitCodes(),
          more(usage),
        ]
      : [commandIntro(usage, chosen), flagList(chosen.name), exitCodes(), more(usage)];
  return `${sections.join('\n\n')}\n`;
}

/** Where to look when a command line was not understood. */
export function helpHint({ program }: Usage): string {
  return `"${program} --help" shows every command and flag.`;
}

function call({ program, takesFile }: Usage, command: string): string {
  return takesFile ? `${program} ${command} agent.js` : `${program} ${command}`;
}

function intro(usage: Usage): string {
  return [
    'A worker for LiveKit agents: it registers with a LiveKit server, waits, and runs each job in a',
    'process of its own.',
    '',
    `Usage: ${usage.program} COMMAND ${usage.takesFile ? 'AGENT_FILE ' : ''}[FLAGS]`,
  ].join('\n');
}

function commandIntro(usage: Usage, { name, summary, details }: Command): string {
  const needed = name === 'connect' ? ' --room NAME' : '';
  const file = usage.takesFile ? ' AGENT_FILE' : '';
  return [summary, ...details, '', `Usage: ${usage.program} ${name}${file}${needed} [FLAGS]`].join(
    '\n',
  );
}

function commandList(): string {
  const rows = commands.map(({ name, summary, details }) =>
    row(name, [summary, ...details].join('\n')),
  );
  return ['Commands:', ...rows].join('\n');
}

/** Programs with a command line of their own have no such commands. */
function toolList({ takesFile, program }: Usage): string[] {
  if (!takesFile) return [];
  const rows = tools.map(({ name, summary }) => row(name, summary));
  return [[`Without an agent ("${program} COMMAND --help" shows more):`, ...rows].join('\n')];
}

function flagList(command: CommandName | null): string {
  const shown = flags.filter(
    (flag) =>
      flag.isHidden !== true &&
      (command === null || flag.commands === undefined || flag.commands.includes(command)),
  );
  const rows = shown.map((flag) => row(flagName(flag), flagHelp(flag, command)));
  return ['Flags (they win over options in code, and those over the environment):', ...rows].join(
    '\n',
  );
}

function flagName({ name, short, value, optionalValue }: Flag): string {
  const first = short === undefined ? `--${name}` : `-${short}, --${name}`;
  if (optionalValue !== undefined) return `${first} [${optionalValue}]`;
  return value === null ? first : `${first} ${value}`;
}

function flagHelp(flag: Flag, command: CommandName | null): string {
  const whose =
    command === null && flag.commands !== undefined ? `${flag.commands.join(', ')}: ` : '';
  const lines = [`${whose}${flag.help}`];
  if (flag.env !== undefined) lines.push(`Environment: ${flag.env.join(', else ')}.`);
  if (flag.default !== undefined) lines.push(`Default: ${flag.default}.`);
  return lines.join(' ');
}

function examples(usage: Usage): string {
  return [
    'Examples:',
    `${indent}export LIVEKIT_URL=ws://localhost:7880 LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret`,
    `${indent}${call(usage, 'dev')}`,
    `${indent}${call(usage, 'connect')} --room my-room`,
    `${indent}${call(usage, 'start')} --max-jobs 20 --drain-timeout 10m`,
  ].join('\n');
}

function exitCodes(): string {
  const rows = [
    row('0', 'Drained: every job ended by itself.'),
    row('1', 'Failed: the message on standard error says why.'),
    row('130, 143 (128 + signal)', 'Ended by SIGINT or SIGTERM before its jobs had ended.'),
  ];
  return ['Exit codes:', ...rows].join('\n');
}

function more(usage: Usage): string {
  const lines = [
    `"${usage.program} COMMAND --help" shows one command.`,
    'Documentation: README.md of the greenroom package.',
  ];
  return lines.join('\n');
}

/** A name, and beside it text that is broken into lines. */
function row(name: string, text: string): string {
  const margin = indent.length + nameWidth;
  const [first = '', ...rest] = text
    .split('\n')
    .flatMap((paragraph) => wrap(paragraph, lineWidth - margin));
  const head = `${indent}${name.padEnd(nameWidth)}${first}`;
  return [head, ...rest.map((line) => `${' '.repeat(margin)}${line}`)].join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
