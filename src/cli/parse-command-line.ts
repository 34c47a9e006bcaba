/** From the words of a command line to what is to be done. */
import { parseArgs } from 'node:util';
import { nearestName } from '../options/nearest-name.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import { type CommandName, type Flag, NotAllowed, commands, flags } from './flags.ts';

/** What the command line asks for. */
export type Order =
  | { type: 'help'; command: CommandName | null }
  | { type: 'version' }
  | {
      type: 'run';
      command: CommandName;
      /** The agent file that the `greenroom` binary was given. */
      file: string | null;
      flags: Partial<WorkerOptionsInit>;
      room: string | null;
      participantIdentity: string | null;
      /** A server of its own is simulated. */
      isEmbedded: boolean;
    };

/** A command line that cannot be understood; the message is for its author. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Whether a command is followed by an agent file. */
export interface ParseOptions {
  takesFile: boolean;
}

type Values = Map<string, string>;

const byName = new Map(flags.map((flag) => [flag.name, flag]));
const commandNames = commands.map(({ name }) => name);

/** What users of `@livekit/agents` may look for. */
const elsewhere: Readonly<Record<string, string>> = {
  console: 'it belongs to the voice framework of @livekit/agents.',
  'download-files':
    'plugins of @livekit/agents load their files with "npx livekit-agents download-files".',
};

/** @throws UsageError that says what is wrong. */
export function parseCommandLine(args: readonly string[], options: ParseOptions): Order {
  const { values, words } = readWords(args);
  const [word, ...rest] = words;
  const command = word === undefined ? null : commandOf(word, rest[0]);
  if (values.has('help') || args.length === 0) return { type: 'help', command };
  if (values.has('version')) return { type: 'version' };
  if (command === null) throw new UsageError('There is no command: give start, dev or connect.');
  for (const name of values.keys()) requireFits(name, command);
  return {
    type: 'run',
    command,
    file: fileOf(rest, command, options),
    flags: optionsOf(values),
    room: roomOf(values, command),
    participantIdentity: values.get('participant-identity') ?? null,
    isEmbedded: isEmbedded(values),
  };
}

/** A simulated server has an address of its own. */
function isEmbedded(values: Values): boolean {
  const other = ['url', 'api-key', 'api-secret', 'worker-token'].find((name) => values.has(name));
  if (values.has('embedded') && other !== undefined)
    throw new UsageError(`--embedded brings its own server: leave out --${other}, or --embedded.`);
  return values.has('embedded');
}

function roomOf(values: Values, command: CommandName): string | null {
  const room = values.get('room') ?? '';
  if (command === 'connect' && room === '') {
    throw new UsageError('connect needs a room: add --room NAME.');
  }
  return room === '' ? null : room;
}

/** Flags may stand before and after the command. */
function readWords(args: readonly string[]): { values: Values; words: string[] } {
  const values: Values = new Map();
  const words: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      flags.map(({ name, value, short }) => [
        name,
        { type: value === null ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    if (token.kind === 'option') values.set(token.name, valueOf(token));
    if (token.kind !== 'positional') continue;
    // `--inspect stately`: to the parser the second is a word of its own.
    if (before?.kind === 'option' && isOptionalValue(before, token.value)) {
      values.set(before.name, token.value);
    } else words.push(token.value);
  }
  return { values, words };
}

function isOptionalValue({ name, value }: { name: string; value: unknown }, word: string): boolean {
  return value === undefined && byName.get(name)?.optionalValue === word;
}

interface OptionToken {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function valueOf({ name, rawName, value, inlineValue }: OptionToken): string {
  const flag = byName.get(name);
  if (flag === undefined) throw new UsageError(unknownFlag(rawName));
  if (flag.value === null) {
    if (value === undefined) return '';
    if (value === flag.optionalValue) return value;
    const allowed = flag.optionalValue === undefined ? 'no value' : `only ${flag.optionalValue}`;
    throw new UsageError(`--${name} takes ${allowed}.`);
  }
  if (value === undefined || (inlineValue !== true && value.startsWith('--'))) {
    throw new UsageError(`--${name} needs a value: --${name} ${flag.value}.`);
  }
  return value;
}

function unknownFlag(rawName: string): string {
  const names = flags.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
  const nearest = nearestName(rawName.replace(/^-+/, ''), names);
  const hint = nearest === undefined ? '' : ` Did you mean --${nearest}?`;
  return `There is no flag ${rawName}.${hint}`;
}

function commandOf(word: string, next: string | undefined): CommandName {
  const found = commandNames.find((name) => name === word);
  if (found !== undefined) return found;
  const known = elsewhere[word];
  if (known !== undefined) throw new UsageError(`There is no command ${word}: ${known}`);
  const swapped = commandNames.find((name) => name === next);
  const nearest = swapped === undefined ? nearestName(word, commandNames) : `${swapped} ${word}`;
  const hint =
    nearest === undefined ? 'Commands: start, dev, connect.' : `Did you mean "${nearest}"?`;
  throw new UsageError(`There is no command ${word}. ${hint}`);
}

function fileOf(words: string[], command: CommandName, { takesFile }: ParseOptions): string | null {
  const [file, ...rest] = takesFile ? words : [null, ...words];
  if (file === undefined) {
    throw new UsageError(`Which agent? Give its file: greenroom ${command} agent.js`);
  }
  const [surplus] = rest;
  if (surplus === undefined) return file;
  throw new UsageError(`${command} takes no "${surplus}".`);
}

function requireFits(name: string, command: CommandName): void {
  const wanted = byName.get(name)?.commands;
  if (wanted === undefined || wanted.includes(command)) return;
  throw new UsageError(`--${name} is a flag of ${wanted.join(' and ')}, not of ${command}.`);
}

function optionsOf(values: Values): Partial<WorkerOptionsInit> {
  const options: Record<string, unknown> = {};
  for (const [name, text] of values) {
    const flag = byName.get(name);
    if (flag?.sets !== undefined) options[flag.sets.option] = read(flag, flag.sets.read, text);
  }
  return options;
}

function read(flag: Flag, reader: (text: string) => unknown, text: string): unknown {
  const value = reader(text);
  if (!(value instanceof NotAllowed)) return value;
  throw new UsageError(`--${flag.name} ${text}: allowed is ${value.allowed}.`);
}
