/** Where options come from: the command line wins over code, code over the environment. */
import { describeValue } from '../errors.ts';
import type { WorkerOptionsInit } from '../worker-options.ts';
import type { Problems } from './problems.ts';
import { optionAliases, optionNames, optionRules } from './rules.ts';

type OptionName = keyof typeof optionRules;

/** An option that was set, and what to call it in an error message. */
interface Given {
  value: unknown;
  label: string;
}

/** The options that were set, checked one by one; what was refused or left out is missing. */
export type GivenOptions = Omit<Partial<WorkerOptionsInit>, keyof typeof optionAliases>;

/** How an option is set by the environment. */
interface Variable {
  /** The first one that is set counts. */
  names: readonly string[];
  read: (text: string) => unknown;
}

const asText = (text: string): unknown => text;

/** What is neither is left to be refused. */
const asYesOrNo = (text: string): unknown =>
  text === 'true' ? true : text === 'false' ? false : text;

const variables: Readonly<Partial<Record<OptionName, Variable>>> = {
  wsURL: { names: ['LIVEKIT_URL'], read: asText },
  apiKey: { names: ['LIVEKIT_API_KEY'], read: asText },
  apiSecret: { names: ['LIVEKIT_API_SECRET'], read: asText },
  workerToken: { names: ['LIVEKIT_WORKER_TOKEN'], read: asText },
  // Other tools write their levels in capitals.
  logLevel: { names: ['LIVEKIT_LOG_LEVEL', 'LOG_LEVEL'], read: (text) => text.toLowerCase() },
  announce: { names: ['GREENROOM_ANNOUNCE'], read: asYesOrNo },
  quickConnect: { names: ['GREENROOM_QUICK_CONNECT'], read: asYesOrNo },
  rehearse: { names: ['GREENROOM_REHEARSE'], read: asYesOrNo },
  codeCache: { names: ['GREENROOM_CODE_CACHE'], read: asYesOrNo },
};

/** Joins the sources and checks each value that counts. */
export function mergeSources(
  flags: object,
  code: object,
  environment: NodeJS.ProcessEnv,
  problems: Problems,
): GivenOptions {
  const merged = new Map<string, Given>([
    ...readEnvironment(environment),
    ...readSource(code, '', problems),
    ...readSource(flags, ' (command line)', problems),
  ]);
  const options: Record<string, unknown> = {};
  for (const [name, { value, label }] of merged) {
    const rule = optionRules[name as OptionName];
    if (rule.accepts(value)) options[name] = value;
    else if (rule.secret === true) {
      problems.note(label, `the value, not shown here, is not allowed; allowed: ${rule.allowed}.`);
    } else problems.refuse(label, value, rule.allowed);
  }
  return options;
}

function readEnvironment(environment: NodeJS.ProcessEnv): [string, Given][] {
  return Object.entries(variables).flatMap(([name, { names, read }]): [string, Given][] => {
    const variable = names.find((candidate) => (environment[candidate] ?? '') !== '');
    if (variable === undefined) return [];
    const label = `${name} (environment variable ${variable})`;
    return [[name, { value: read(environment[variable] ?? ''), label }]];
  });
}

/** The options one source sets, by their own names. An empty credential counts as not set. */
function readSource(source: object, suffix: string, problems: Problems): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [key, value] of Object.entries(source) as [string, unknown][]) {
    if (!optionNames.includes(key)) {
      problems.unknownName(`${key}${suffix}`, key, optionNames);
    } else if (value !== undefined && !(value === '' && key in variables)) {
      addGiven(given, key, value, suffix, problems);
    }
  }
  return given;
}

function addGiven(
  given: Map<string, Given>,
  key: string,
  value: unknown,
  suffix: string,
  problems: Problems,
): void {
  const name = key in optionAliases ? optionAliases[key as keyof typeof optionAliases] : key;
  const label = `${key}${suffix}`;
  const other = given.get(name);
  if (other !== undefined && other.value !== value) {
    const both = `${describeValue(value)} here and ${describeValue(other.value)} as ${other.label}`;
    problems.note(label, `${both}: the two are one option; leave out one of them.`);
  }
  given.set(name, { value, label });
}
