/** Which registrations a worker holds: one for each agent name, job type and deployment. */
import type { JobTypeName } from '../../machines/messages.ts';
import type { RegistrationOptions, ResolvedRegistration } from '../worker-options.ts';
import type { GivenOptions } from './merge-sources.ts';
import type { Problems } from './problems.ts';
import { type Rule, agentNameRule, deploymentRule, jobTypeRule } from './rules.ts';

const fieldRules: Readonly<Record<keyof RegistrationOptions, Rule>> = {
  agentName: agentNameRule,
  serverType: jobTypeRule,
  deployment: deploymentRule,
};
const fieldNames = Object.keys(fieldRules) as (keyof RegistrationOptions)[];
const jobTypes: readonly JobTypeName[] = ['room', 'publisher', 'participant'];

type Unnamed = Omit<ResolvedRegistration, 'key'>;

/** The registrations, and whether the agent name comes from the environment. */
export function resolveRegistrations(
  options: GivenOptions,
  environment: NodeJS.ProcessEnv,
  problems: Problems,
): { registrations: ResolvedRegistration[]; agentNameIsEnv: boolean } {
  const asked = askedFor(options, problems);
  const override = environment['LIVEKIT_AGENT_NAME_OVERRIDE'] ?? '';
  const named = environment['LIVEKIT_AGENT_NAME'] ?? '';
  const deployment = deploymentOf(environment, problems);

  const complete = asked.map((each): Unnamed => ({
    agentName: override === '' ? (each.agentName ?? named) : override,
    jobType: jobTypes[each.serverType ?? 0] ?? 'room',
    deployment: each.deployment ?? deployment,
  }));
  const unique = withoutDuplicates(complete);
  // An override gives all registrations one name: those that differ in nothing else become one.
  if (override === '' && unique.length < complete.length) {
    problems.note(
      'registrations',
      'two of them have the same agentName, serverType and deployment.',
    );
  }
  const fromEnvironment =
    override !== '' || (named !== '' && asked.every((each) => each.agentName === undefined));
  return {
    registrations: withKeys(unique),
    agentNameIsEnv: options.agentNameIsEnv ?? fromEnvironment,
  };
}

function askedFor(options: GivenOptions, problems: Problems): RegistrationOptions[] {
  const single = fieldNames.filter((name) => options[name] !== undefined);
  if (options.registrations === undefined) {
    return [Object.fromEntries(single.map((name) => [name, options[name]]))];
  }
  for (const name of single) {
    problems.note(name, 'cannot be combined with registrations; set it in each of them instead.');
  }
  return options.registrations.flatMap((each, index) => checked(each, index, problems));
}

/** The registration, or nothing when it is wrong: what is left of it could look like another one. */
function checked(registration: unknown, index: number, problems: Problems): RegistrationOptions[] {
  const label = `registrations[${index}]`;
  if (typeof registration !== 'object' || registration === null) {
    problems.refuse(label, registration, '{ agentName?, serverType?, deployment? }');
    return [];
  }
  let isRight = true;
  for (const [name, value] of Object.entries(registration) as [string, unknown][]) {
    const known = fieldNames.find((each) => each === name);
    if (known === undefined) problems.unknownName(`${label}.${name}`, name, fieldNames);
    else if (value === undefined || fieldRules[known].accepts(value)) continue;
    else problems.refuse(`${label}.${name}`, value, fieldRules[known].allowed);
    isRight = false;
  }
  return isRight ? [registration] : [];
}

function deploymentOf(environment: NodeJS.ProcessEnv, problems: Problems): string {
  const deployment = environment['LIVEKIT_AGENT_DEPLOYMENT'] ?? '';
  if (deploymentRule.accepts(deployment)) return deployment;
  const label = 'deployment (environment variable LIVEKIT_AGENT_DEPLOYMENT)';
  problems.refuse(label, deployment, deploymentRule.allowed);
  return '';
}

function withoutDuplicates(registrations: Unnamed[]): Unnamed[] {
  const seen = new Set<string>();
  return registrations.filter(({ agentName, jobType, deployment }) => {
    const identity = JSON.stringify([agentName, jobType, deployment]);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

/** Short and readable: the agent name, and only as much more as tells the registrations apart. */
function withKeys(registrations: Unnamed[]): ResolvedRegistration[] {
  const bases = registrations.map(baseKey);
  const taken = new Set<string>();
  return registrations.map((registration, index) => {
    const base = baseKey(registration);
    const shared = bases.some((other, position) => position !== index && other === base);
    const wanted =
      shared && registration.deployment !== '' ? `${base}@${registration.deployment}` : base;
    // An agent name may itself contain "/" or "@".
    let key = wanted;
    for (let count = 2; taken.has(key); count += 1) key = `${wanted}#${count}`;
    taken.add(key);
    return { key, ...registration };
  });
}

function baseKey({ agentName, jobType }: Unnamed): string {
  const name = agentName === '' ? '(any)' : agentName;
  return jobType === 'room' ? name : `${name}/${jobType}`;
}
