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

/** Hooks and loaders that were asked for see every module first, and may change it. */
const loaders = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/;

/** Begins to load modules from the cache; `null` when there is none. */
export function openCodeCache(): CodeCache | null {
  const directory = process.env[codeCacheVariable];
  // Not for the programs that an agent starts.
  delete process.env[codeCacheVariable];
  if (directory === undefined) return null;
  const { enableCompileCache, flushCompileCache } = nodeModule as NodeCodeCache;
  if (enableCompileCache !== undefined) {
    enableCompileCache(directory);
    return {
      stop: () => {},
      save: () => {
        flushCompileCache?.();
        return null;
      },
    };
  }
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return loaders.test(flags) ? null : new CompiledModules(directory, flags);
}
