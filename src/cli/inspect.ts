/** `greenroom inspect`: the inspector without a worker, for any XState app or for a recording. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InspectHub } from '../inspect/hub.ts';
import { readRecording } from '../inspect/recording.ts';
import { type InspectServer, appLines, serveInspector } from '../inspect/server.ts';
import { version } from '../version.ts';
import { print, printFailure } from './exit.ts';
import { SignalTrap } from './signals.ts';

/** The help of the command. */
export const inspectHelp = `Opens the inspector without a worker; Ctrl-C ends it.

Usage: greenroom inspect [FILE] [--port PORT]

FILE is a recording, written with --record: everything in it can be travelled through, and in
the files that were put aside before it, FILE.1 and so on.
Without it any XState app can be watched: what is printed has the one line to add to the app.

Flags:
  --port PORT  Where to listen on 127.0.0.1; a free port when left out.
`;

interface InspectOrder {
  file: string | null;
  port: number;
}

/** Serves the page until a signal comes; returns the exit code. */
export async function inspect(args: readonly string[]): Promise<number> {
  const signals = new SignalTrap();
  const ended = new Promise<void>((done) => {
    signals.listen(() => done());
  });
  try {
    const order = readOrder(args);
    if (order === null) {
      print(inspectHelp);
      return 0;
    }
    const server = await serve(order);
    await ended;
    await server.close();
    return 0;
  } catch (error) {
    printFailure(error);
    return 1;
  }
}

/** What the words ask for; `null` for help. */
function readOrder(args: readonly string[]): InspectOrder | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help === true) return null;
  const [file = null, surplus] = positionals;
  if (surplus !== undefined) {
    throw new Error(`inspect takes one file, received also "${surplus}".`);
  }
  return { file, port: portOf(values.port) };
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`--port ${text}: allowed is a port from 0 to 65535.`);
}

function serve({ file, port }: InspectOrder): Promise<InspectServer> {
  return file === null ? serveApps(port) : serveRecording(resolve(file), port);
}

async function serveRecording(file: string, port: number): Promise<InspectServer> {
  const { header, facts, host } = await readRecording(file);
  const server = await serveInspector({
    hub: host,
    facts: { source: 'recording', title: header.title, version, recording: facts },
    port,
  });
  const { files, messages, unreadable } = facts;
  const also = unreadable === 0 ? '' : `, and ${unreadable} unreadable lines`;
  const where = files === 1 ? file : `${files} files, of which the last is ${file}`;
  print(`inspector: open ${server.url}\n${messages} messages${also} in ${where}\n`);
  return server;
}

async function serveApps(port: number): Promise<InspectServer> {
  const hub = new InspectHub({ isAlwaysOn: true });
  const facts = { source: 'apps' as const, title: 'XState apps', version };
  const server = await serveInspector({ hub, facts, apps: hub, port });
  const [inNode = '', inBrowser = ''] = appLines(server.url, server.appUrl);
  print(`inspector: open ${server.url}

Add one line to an app, and give inspect to its root actor: createActor(machine, { inspect }).
In Node, with @statelyai/inspect:
  ${inNode}
In a browser, with @statelyai/inspect:
  ${inBrowser}
In Node, with greenroom/inspect:
  const { inspect } = connectInspector('${server.appUrl}');
`);
  return server;
}
