/** Serves an app of `apps/`, bundled, on a port of its own: to the inspector it is a stranger. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Stately's client sends when the app's tab is idle. One behind another tab, on a busy machine, was not so for 30 s: here it
 * always is.
 */
const alwaysIdle = '<script>window.requestIdleCallback = (run) => setTimeout(run);</script>';
const html = `<!doctype html><link rel="icon" href="data:,">${alwaysIdle}<button id="next">next</button><script type="module" src="/app.js"></script>`;

/** An app that is served. */
export interface ServedApp {
  url: string;
  close: () => void;
}

/** Bundles and serves the app. */
export async function serveApp(name: string): Promise<ServedApp> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`apps/${name}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'silent',
  });
  const script = outputFiles[0]!.text;
  const server = createServer((request, response) => {
    const isScript = request.url === '/app.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
