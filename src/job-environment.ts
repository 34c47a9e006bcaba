/** The environment of the job processes. */
import type { ResolvedOptions } from './worker-options.ts';

const credentialVariables = ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'LIVEKIT_WORKER_TOKEN'];

/** The worker's own environment; without the credentials, under whatever name they stand there, when they are withheld. */
export function jobEnvironment(
  environment: NodeJS.ProcessEnv,
  {
    credentials,
    apiKey,
    apiSecret,
    workerToken,
  }: Pick<ResolvedOptions, 'credentials' | 'apiKey' | 'apiSecret' | 'workerToken'>,
): NodeJS.ProcessEnv {
  if (credentials === 'share') return environment;
  const values: unknown[] = [apiKey, apiSecret, workerToken];
  const kept = Object.entries(environment).filter(
    ([name, value]) => !credentialVariables.includes(name) && !values.includes(value),
  );
  return Object.fromEntries(kept);
}
