/** What V8 has compiled in an earlier job process, so that this one need not compile it again. */
import nodeModule from 'node:module';
import { codeCacheVariable } from '../code-cache-folder.ts';
import { CompiledModules } from './compiled-modules.ts';

/** The code cache of one job process. */
export interface CodeCache {
  /** What is loaded from now on is the user's. */
  stop(): void;
  /** Keeps what had to be compiled for the next job process; answers how many modules that were, `null` when it is not known. */
  save(): number | null;
}

/** Node's own code cache: it begins with Node 22.1, and the types here are older. */
interface NodeCodeCache {
  enableCompileCache?: (directory: string) => unknown;
  flushCompileCache?: () => void;
}

/** What wants to see modules as they are, or to change them: loaders and hooks, source maps. */
const onlookers =
  /(^|\s)(-r|--require|--import|--loader|--experimental-loader|--enable-source-maps)\b/;

/** Begins to load modules from the cache; `null` when there is none. */
export function openCodeCache(
  env: NodeJS.ProcessEnv = process.env,
  execArgv: readonly string[] = process.execArgv,
): CodeCache | null {
  const folder = env[codeCacheVariable];
  // Not for the programs that an agent starts.
  delete env[codeCacheVariable];
  // V8 counts wrongly what it has not compiled.
  if (folder === undefined || env['NODE_V8_COVERAGE'] !== undefined) return null;
  return cacheOfNode(folder) ?? cacheOfOurs(folder, [...execArgv, env['NODE_OPTIONS'] ?? '']);
}

function cacheOfNode(folder: string): CodeCache | null {
  const { enableCompileCache, flushCompileCache } = nodeModule as NodeCodeCache;
  if (enableCompileCache === undefined) return null;
  enableCompileCache(folder);
  return {
    stop: () => {},
    save: () => {
      flushCompileCache?.();
      return null;
    },
  };
}

function cacheOfOurs(folder: string, options: readonly string[]): CodeCache | null {
  const flags = options.join(' ');
  return onlookers.test(flags) ? null : new CompiledModules(folder, flags);
}
