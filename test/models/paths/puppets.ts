/** Real job processes that do what a path says, over their real link. */
import { fork } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AnyActor, AnyActorRef, AnyMachineSnapshot } from 'xstate';
import { defineChildProcess } from '../../../src/actors/child-process.ts';
import { LINK_VERSION } from '../../../src/ipc/messages.ts';
import { signalGroup } from '../../../src/processes/registry.ts';
import { limits } from '../../machines/session/harness.ts';

const main = fileURLToPath(new URL('../../fixtures/children/puppet.mjs', import.meta.url));

/** What a failed warm-up says. */
export const failure = { code: 'GR_WARMUP_FAILED', message: 'no such model' } as const;

/** The processes of one path. */
export class Puppets {
  readonly #pids = new Set<number>();
  #lastIsGone = (): void => {};
  /** No process can be started. */
  areBroken = false;

  /** The real actor of a child process, whose program is a puppet. */
  logic() {
    return defineChildProcess({
      main,
      initialize: {
        type: 'initialize',
        version: LINK_VERSION,
        agent: '/agent.js',
        log: { level: 'info', pretty: false },
        limits,
        announce: true,
        rehearse: true,
        quickConnect: true,
      },
      credentials: null,
      env: process.env,
      execArgv: [],
      fork: (file, options) => {
        const cwd = this.areBroken ? { cwd: '/nowhere/at/all' } : {};
        return fork(file, [], { ...options, ...cwd });
      },
      registry: {
        add: ({ pid }) => void this.#pids.add(pid),
        remove: (pid) => {
          this.#pids.delete(pid);
          if (this.#pids.size === 0) this.#lastIsGone();
        },
      },
      signalGroup,
      onUnknownMessage: (_id, { shown }) => {
        throw new Error(`The puppet said ${shown}`);
      },
    });
  }

  /** What is left of the path is ended, and its actors have heard of it. */
  async end(): Promise<void> {
    // A job that is to be launched would have another one.
    this.areBroken = true;
    if (this.#pids.size > 0) {
      const gone = new Promise<void>((resolve) => {
        this.#lastIsGone = resolve;
      });
      for (const pid of this.#pids) signalGroup(pid, 'SIGKILL');
      await gone;
    }
    // The end of the link comes a turn after the exit.
    await nextTurn();
    await nextTurn();
  }
}

/** The child process actor of a job process. */
function childOf(jobProcess: AnyActor): AnyActorRef {
  const { children } = jobProcess.getSnapshot() as AnyMachineSnapshot;
  const child = children['child'];
  if (child === undefined) throw new Error('The job process has no child process.');
  return child as AnyActorRef;
}

/** The process says something over its link. */
export function puppetSays(jobProcess: AnyActor, say: object): void {
  childOf(jobProcess).send({ type: 'child.tell', message: { type: 'puppet.say', say } });
}

/** The process exits by itself. */
export function puppetExits(jobProcess: AnyActor, code: number): void {
  childOf(jobProcess).send({ type: 'child.tell', message: { type: 'puppet.exit', code } });
}

/** The process tells that it is warm. */
export const warm = { type: 'warm', version: LINK_VERSION, warmupMs: 1 };

/** What a session reports over the link, as the process says it. */
export const reports = {
  'session.started': [{}],
  'session.connecting': [{}],
  'session.connected': [{ roomSid: 'RM_1', identity: 'agent' }],
  'session.reconnecting': [{}],
  'session.reconnected': [{}],
  'session.closing': [{ reason: 'agent-ended', detail: '' }],
  'session.deleteRoom': [{ id: 1 }],
  'session.warning': [{ step: 'entry', failure }],
  'session.outcome': [
    { outcome: { outcome: 'succeeded', reason: 'agent-ended', detail: '', failure: null } },
  ],
};
