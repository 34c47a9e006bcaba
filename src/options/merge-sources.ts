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

/** The environment variables that set an option, the first one that is set first. */
const variables: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  wsURL: ['LIVEKIT_URL'],
  apiKey: ['LIVEKIT_API_KEY'],
  apiSecret: ['LIVEKIT_API_SECRET'],
  workerToken: ['LIVEKIT_WORKER_TOKEN'],
  logLevel: ['LIVEKIT_LOG_LEVEL', 'LOG_LEVEL'],
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
  return Object.entries(variables).flatMap(([name, candidates]): [string, Given][] => {
    const variable = candidates.find((candidate) => (environment[candidate] ?? '') !== '');
    if (variable === undefined) return [];
    const value = environment[variable];
    return [
      [
        name,
        {
          // Other tools write their levels in capitals.
          value: name === 'logLevel' ? value?.toLowerCase() : value,
          label: `${name} (environment variable ${variable})`,
        },
      ],
    ];
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
