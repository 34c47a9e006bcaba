/** A forked job process as an actor: its snapshot shows pid and phase, its output the exit. */
import type { ChildProcess, ForkOptions } from 'node:child_process';
import type { AnyActorRef, EventObject } from 'xstate';
import type {
  ChildCommand,
  ChildExit,
  ChildProcessLogic,
  ChildReport,
  LinkMessage,
} from '../../machines/job-process/job-process.types.ts';
import { describeUnknown, toChildReport } from '../ipc/from-job-process.ts';
import type { Credentials, InitializeMessage, ToJobProcess } from '../ipc/messages.ts';
import { openToken } from '../token-seal.ts';
import { type InspectionOrder, readInspectionReport } from '../ipc/inspection.ts';

/** The part of a forked process that its actor uses. */
export type ForkedProcess = Pick<
  ChildProcess,
  'pid' | 'exitCode' | 'connected' | 'on' | 'once' | 'send' | 'disconnect'
>;

/** What a child process needs to know. */
export interface ChildProcessDependencies {
  /** Path of the job process's main file. */
  main: string;
  initialize: InitializeMessage;
  /** Handed over with the job; `null` keeps them in the worker. */
  credentials: Credentials | null;
  env: NodeJS.ProcessEnv;
  execArgv: string[];
  /** Starts the process. */
  fork: (main: string, options: ForkOptions) => ForkedProcess;
  registry: {
    add(process: { pid: number; closeLink: () => void }): void;
    remove(pid: number): void;
  };
  signalGroup: (group: number, signal: NodeJS.Signals) => boolean;
  /** Shows what the process does to those who watch; without it nobody can. */
  inspection?: InspectionLinks | null;
  /** A message of a job process that is none of ours. Called for the first few of each process. */
  onUnknownMessage: (process: string, unknown: UnknownMessage) => void;
}

/** Where the inspector hears of job processes. */
export interface InspectionLinks {
  /** The process of `actor` runs; `tell` says something to it. */
  connect(
    actor: AnyActorRef,
    tell: (order: InspectionOrder) => void,
  ): { receive(messages: readonly unknown[]): void; gone(): void };
}

/** A message that is none of ours, in short. */
export interface UnknownMessage {
  shown: string;
  /** No further one of this process is told. */
  isLast: boolean;
}

/** What the process tells its own actor. */
type OwnEvent =
  | { type: 'child.exited'; exit: ChildExit }
  | { type: 'child.failed'; error: unknown }
  | { type: 'child.running'; pid: number }
  | { type: 'xstate.stop' };

type Scope = Parameters<NonNullable<ChildProcessLogic['start']>>[1];

/** What XState's own actors send by: unlike `send` it tells inspectors who spoke. Left out of its public types. */
interface Relay {
  _relay(source: AnyActorRef, target: AnyActorRef, event: EventObject): void;
}

/** How long the last messages of an exited process may take to be read. */
const DISCONNECT_TIMEOUT_MS = 500;

/** A process that talks nonsense must not flood the log of its worker. */
const MAX_UNKNOWN_TOLD = 3;

/** Makes the actor that forks one job process, in a process group of its own, and holds the link to it. */
export function defineChildProcess(dependencies: ChildProcessDependencies): ChildProcessLogic {
  const children = new WeakMap<AnyActorRef, ForkedProcess>();
  return {
    getInitialSnapshot: (_scope, input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
      pid: null,
      phase: 'spawning',
    }),
    getPersistedSnapshot: (snapshot) => snapshot,
    start: (snapshot, scope) => {
      children.set(scope.self, spawnChild(dependencies, snapshot.input.process, scope));
    },
    transition: (snapshot, event, scope) => {
      const own = event as ChildCommand | OwnEvent;
      switch (own.type) {
        case 'child.running':
          return { ...snapshot, pid: own.pid, phase: 'running' };
        case 'child.exited':
          return {
            ...snapshot,
            status: 'done',
            output: own.exit,
            error: undefined,
            phase: 'exited',
          };
        case 'child.failed':
          return {
            ...snapshot,
            status: 'error',
            output: undefined,
            error: own.error,
            phase: 'exited',
          };
        default:
          command(dependencies, children.get(scope.self), own);
          return snapshot;
      }
    },
  };
}

function spawnChild(
  dependencies: ChildProcessDependencies,
  process: string,
  scope: Scope,
): ForkedProcess {
  const { main, fork, env, execArgv, initialize, registry, signalGroup } = dependencies;
  const tellSelf = (event: OwnEvent): void => scope.self.send(event as unknown as ChildCommand);
  const tellParent = (report: ChildReport): void => {
    const parent = scope.self._parent;
    if (parent !== undefined) (scope.system as unknown as Relay)._relay(scope.self, parent, report);
  };
  const child = fork(main, {
    // A group of its own: Ctrl-C in a terminal reaches the worker only, and grandchildren can be ended with it.
    detached: true,
    env,
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { pid } = child;
  child.on('error', (error) => {
    if (pid === undefined) tellSelf({ type: 'child.failed', error });
  });
  if (pid === undefined) return child;
  registry.add({ pid, closeLink: () => closeLink(child) });
  child.on('exit', (code, signal) => {
    // What the job left behind in its group goes with it.
    signalGroup(pid, 'SIGKILL');
    registry.remove(pid);
    afterLastMessage(child, () => {
      inspection?.gone();
      tellSelf({ type: 'child.exited', exit: { pid, code, signal } });
    });
  });
  const inspection = connectInspection(dependencies, scope, child);
  const unknown = unknownMessages(dependencies, process);
  child.on('message', (message) => {
    const report = toChildReport(message);
    const inspected = report === null && inspection !== null ? readInspectionReport(message) : null;
    if (report !== null) tellParent(report);
    else if (inspected !== null) inspection?.receive(inspected);
    else unknown(message);
  });
  say(child, initialize);
  scope.defer(() => {
    tellSelf({ type: 'child.running', pid });
    tellParent({ type: 'child.spawned', pid });
  });
  return child;
}

/** What the process shows hangs below the machine that it is the process of. */
function connectInspection(
  { inspection }: ChildProcessDependencies,
  { self }: Scope,
  child: ForkedProcess,
): ReturnType<InspectionLinks['connect']> | null {
  if (inspection === undefined || inspection === null) return null;
  return inspection.connect(self._parent ?? self, (order) => say(child, order));
}

function unknownMessages(
  { onUnknownMessage }: ChildProcessDependencies,
  process: string,
): (message: unknown) => void {
  let count = 0;
  return (message) => {
    count += 1;
    if (count > MAX_UNKNOWN_TOLD) return;
    const isLast = count === MAX_UNKNOWN_TOLD;
    onUnknownMessage(process, { shown: describeUnknown(message), isLast });
  };
}

function command(
  { credentials, signalGroup }: ChildProcessDependencies,
  child: ForkedProcess | undefined,
  event: ChildCommand | OwnEvent,
): void {
  if (child === undefined) return;
  if (event.type === 'child.tell') say(child, withSecrets(event.message, credentials));
  if (event.type === 'child.signal' && child.pid !== undefined && child.exitCode === null) {
    signalGroup(child.pid, event.signal);
  }
  // The actor goes while the process lives: the process ends its session by itself, as if the worker had died.
  if (event.type === 'xstate.stop') closeLink(child);
}

/** What no machine has seen: the token as it is, and the credentials. */
function withSecrets(message: LinkMessage, credentials: Credentials | null): ToJobProcess {
  if (message.type !== 'launch') return message;
  const order = { ...message.order, token: openToken(message.order.token) };
  return { ...message, order, credentials };
}

/** Node may tell of the exit before it has read what the process said last: the end of the link comes after that. */
function afterLastMessage(child: ForkedProcess, done: () => void): void {
  if (!child.connected) {
    done();
    return;
  }
  const timer = setTimeout(() => child.disconnect(), DISCONNECT_TIMEOUT_MS);
  child.once('disconnect', () => {
    clearTimeout(timer);
    done();
  });
}

/** A closed link is no error: the exit of the process tells the rest. */
function say(child: ForkedProcess, message: ToJobProcess): void {
  if (child.connected) child.send(message, () => undefined);
}

function closeLink(child: ForkedProcess): void {
  if (child.connected) child.disconnect();
}
