import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { createActor, fromCallback, setup, toPromise, type AnyActorRef } from 'xstate';
import type { ChildCommand, ChildReport } from '../../machines/job-process/job-process.types.ts';
import { defineChildProcess } from '../../src/actors/child-process.ts';
import { ProcessRegistry, signalGroup } from '../../src/processes/registry.ts';
import { type Credentials, LINK_VERSION } from '../../src/ipc/messages.ts';
import { sealToken } from '../../src/token-seal.ts';
import { isAlive } from '../support/processes.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/children/${name}.mjs`, import.meta.url));

const registry = new ProcessRegistry();

const order = {
  job: {
    id: 'AJ_1',
    dispatchId: '',
    type: 0,
    agentName: '',
    metadata: '',
    deployment: '',
    attributes: {},
  },
  accept: { name: '', identity: 'a', metadata: '', attributes: {} },
  url: 'ws://localhost',
  token: 't',
  workerId: 'AW_1',
};

/** The actor under a parent that keeps what it reports. */
function startChild(
  main: string,
  credentials: Credentials | null = { apiKey: 'key', apiSecret: 'secret' },
) {
  const reports: ChildReport[] = [];
  const unknown: unknown[] = [];
  const waiting = new Set<() => void>();
  const logic = defineChildProcess({
    main,
    initialize: {
      type: 'initialize',
      version: LINK_VERSION,
      agent: '/agent.js',
      log: { level: 'info', pretty: false },
      limits: {
        totalMs: 1,
        entryGraceMs: 1,
        sessionEndMs: 1,
        reportMs: 1,
        leaveMs: 1,
        callbacksMs: 1,
        flushMs: 1,
        disposeMs: 1,
        terminationMs: 1,
        unconnectedWarnMs: 1,
        orphanMs: 1,
      },
      announce: true,
      rehearse: true,
      quickConnect: true,
    },
    credentials,
    env: process.env,
    execArgv: [],
    fork: (file, options) => fork(file, [], options),
    registry,
    signalGroup,
    onUnknownMessage: (id, message) => unknown.push([id, message]),
  });
  const child: { current: AnyActorRef | null } = { current: null };
  const parent = createActor(
    setup({ actors: { child: logic, none: fromCallback(() => undefined) } }).createMachine({
      context: ({ spawn }) => ({
        child: (child.current = spawn('child', { id: 'child', input: { process: 'process.1' } })),
      }),
      on: {
        '*': {
          actions: ({ event }) => {
            reports.push(event as ChildReport);
            for (const wake of waiting) wake();
          },
        },
        'xstate.error.actor.child': {},
      },
    }),
  );
  parent.start();
  const ref = child.current as unknown as AnyActorRef;
  return {
    reports,
    unknown,
    tell: (command: ChildCommand) => ref.send(command),
    stop: () => parent.stop(),
    snapshot: () => ref.getSnapshot() as { phase: string; pid: number | null },
    exit: () => toPromise(ref),
    report: <Type extends ChildReport['type']>(type: Type, nth = 1) =>
      new Promise<Extract<ChildReport, { type: Type }>>((resolve) => {
        const look = (): void => {
          const found = reports.filter((report) => report.type === type)[nth - 1];
          if (found !== undefined) resolve(found as Extract<ChildReport, { type: Type }>);
        };
        waiting.add(look);
        look();
      }),
  };
}

const gone = async (pid: number): Promise<void> => {
  await expect.poll(() => isAlive(pid), { timeout: 5_000, interval: 20 }).toBe(false);
};

afterEach(() => {
  expect(registry.pids).toEqual([]);
});

describe('child process', () => {
  test('is warmed, told, and exits when asked; its snapshot shows pid and phase', async () => {
    const child = startChild(fixture('gets-warm'));
    const { pid } = await child.report('child.spawned');
    expect(child.snapshot()).toMatchObject({ phase: 'running', pid });
    expect(registry.pids).toEqual([pid]);
    await child.report('link.warm');
    child.tell({ type: 'child.tell', message: { type: 'ping', id: 4 } });
    expect(await child.report('link.ponged')).toEqual({ type: 'link.ponged', id: 4 });
    child.tell({
      type: 'child.tell',
      message: { type: 'close', reason: 'worker-closing', detail: '' },
    });
    expect(await child.exit()).toEqual({ pid, code: 0, signal: null });
    expect(child.reports.at(-1)).toMatchObject({ type: 'xstate.done.actor.child' });
    expect(child.reports.at(-2)).toMatchObject({ type: 'session.closing' });
    expect(child.snapshot().phase).toBe('exited');
  });

  test('hands the credentials over with the job, and only then', async () => {
    const child = startChild(fixture('gets-warm'));
    await child.report('link.warm');
    child.tell({ type: 'child.tell', message: { type: 'launch', order } });
    const { detail } = await child.report('session.closing');
    expect(JSON.parse(detail)).toEqual({
      type: 'launch',
      order,
      credentials: { apiKey: 'key', apiSecret: 'secret' },
    });
    child.tell({ type: 'child.signal', signal: 'SIGKILL' });
    expect(await child.exit()).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('opens the token for the process only, and gives no credentials when there are none to give', async () => {
    const child = startChild(fixture('gets-warm'), null);
    await child.report('link.warm');
    const sealed = { ...order, token: sealToken('the.token') };
    child.tell({ type: 'child.tell', message: { type: 'launch', order: sealed } });
    const { detail } = await child.report('session.closing');
    expect(JSON.parse(detail)).toEqual({
      type: 'launch',
      order: { ...order, token: 'the.token' },
      credentials: null,
    });
    child.tell({ type: 'child.signal', signal: 'SIGKILL' });
    await child.exit();
  });

  test('takes no message on trust, tells of the first few, and names another version of the link', async () => {
    const child = startChild(fixture('speaks-nonsense'));
    expect(await child.exit()).toMatchObject({ code: 3, signal: null });
    const shown = `{"type":"toString","more":"${'x'.repeat(200)}`.slice(0, 197);
    expect(child.unknown).toEqual([
      ['process.1', { shown: '{"type":"session.outcome"} (object)', isLast: false }],
      ['process.1', { shown: '"hello" (string)', isLast: false }],
      ['process.1', { shown: `${shown}…`, isLast: true }],
    ]);
    expect(await child.report('link.warmupFailed')).toMatchObject({
      fatal: true,
      failure: { code: 'GR_LINK_VERSION' },
    });
  });

  test('signals go to the whole group; grandchildren go with the child', async () => {
    const child = startChild(fixture('ignores-sigterm'));
    const { id: grandchild } = await child.report('link.ponged');
    child.tell({ type: 'child.signal', signal: 'SIGTERM' });
    await child.report('link.ponged', 2);
    await gone(grandchild);
    child.tell({ type: 'child.signal', signal: 'SIGKILL' });
    expect(await child.exit()).toMatchObject({ signal: 'SIGKILL' });
  });

  test('what a killed child left behind in its group is ended', async () => {
    const child = startChild(fixture('ignores-sigterm'));
    const { id: grandchild } = await child.report('link.ponged');
    const { pid } = await child.report('child.spawned');
    process.kill(pid, 'SIGKILL');
    await child.exit();
    await gone(grandchild);
  });

  test('when the actor goes, the link ends and the process ends by itself', async () => {
    const child = startChild(fixture('gets-warm'));
    const { pid } = await child.report('child.spawned');
    await child.report('link.warm');
    child.stop();
    await gone(pid);
    await expect.poll(() => registry.pids).toEqual([]);
  });

  test('a main file that does not exist is an exit with a code', async () => {
    const child = startChild(fixture('no-such-file'));
    expect(await child.exit()).toMatchObject({ code: 1, signal: null });
  });
});
