import { MissingCredentialsError } from '../errors.ts';
import type { GivenOptions } from './merge-sources.ts';

/** What a worker needs to talk to its server. */
export interface ServerCredentials {
  url: string;
  apiKey: string;
  apiSecret: string;
}

const ways = [
  { option: 'wsURL', variable: 'LIVEKIT_URL', flag: '--url' },
  { option: 'apiKey', variable: 'LIVEKIT_API_KEY', flag: '--api-key' },
  { option: 'apiSecret', variable: 'LIVEKIT_API_SECRET', flag: '--api-secret' },
] as const;

/** @throws MissingCredentialsError that names what is missing, and the three ways to give it. */
export function requireCredentials(options: GivenOptions): ServerCredentials {
  const { wsURL: url, apiKey, apiSecret } = options;
  if (url !== undefined && apiKey !== undefined && apiSecret !== undefined) {
    return { url, apiKey, apiSecret };
  }
  const missing = ways.filter(({ option }) => options[option] === undefined);
  const names = missing.map(({ variable }) => variable);
  const lines = missing.map(
    ({ option, variable, flag }) =>
      `- set the environment variable ${variable}, or run with ${flag}, or pass ${option} in the options.`,
  );
  throw new MissingCredentialsError(
    `${new Intl.ListFormat('en').format(names)} ${names.length === 1 ? 'is' : 'are'} missing:\n${lines.join('\n')}`,
    { missing: names },
  );
}
