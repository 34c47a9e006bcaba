import type { Permissions } from '../../machines/messages.ts';
import { WorkerPermissions } from '../permissions.ts';
import type { Problems } from './problems.ts';
import type { Rule } from './rules.ts';

const flag = { allowed: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' };
const sources = {
  allowed: 'a list of TrackSource numbers',
  accepts: (value: unknown) =>
    Array.isArray(value) && value.every((source) => Number.isInteger(source) && source >= 0),
};
const rules: Readonly<Record<keyof Permissions, Rule>> = {
  canPublish: flag,
  canSubscribe: flag,
  canPublishData: flag,
  canUpdateMetadata: flag,
  canSubscribeMetrics: flag,
  canPublishSources: sources,
  hidden: flag,
};
const names = Object.keys(rules) as (keyof Permissions)[];

/** The permissions as plain data; what is left out has its default. */
export function resolvePermissions(given: object | undefined, problems: Problems): Permissions {
  const permissions: Partial<Record<string, unknown>> = {};
  const defaults: Permissions = new WorkerPermissions();
  for (const name of names) permissions[name] = defaults[name];

  for (const [name, value] of Object.entries(given ?? {}) as [string, unknown][]) {
    const label = `permissions.${name}`;
    const known = names.find((each) => each === name);
    if (known === undefined) problems.unknownName(label, name, names);
    else if (value !== undefined && !rules[known].accepts(value)) {
      problems.refuse(label, value, rules[known].allowed);
    } else if (value !== undefined) {
      // A list is copied: the caller's may change later.
      permissions[known] = Array.isArray(value) ? value.slice() : value;
    }
  }
  return permissions as unknown as Permissions;
}
