/**
 * Jobs that go wrong, on one worker and one real server. Beside them a healthy job runs all the time, and everything that
 * is to be the same after each of them is looked at here: the slot, the process and its group, the room, the server.
 */
import { randomUUID } from 'node:crypto';
import { expect, inject, vi } from 'vitest';
import { pino } from 'pino';
import type { WorkerOptionsInit } from 'greenroom';
import type { FaultRecord } from './fault.ts';
import { LibraryWorker } from './library-worker.ts';
import { type LiveKitServer, startLiveKitServer } from './livekit-server.mjs';
import type { Participant } from './participants.ts';
import { descendantsOf, describe, listProcesses, waitForNone } from './processes.ts';
import { parseLogLine } from './program.mjs';
import { Recorder } from './recorder.mjs';
import { newRoom, Stage } from './stage.ts';
import { type LogLine, testGuard } from './worker-program.ts';
import { within } from './work-per-core.ts';

const witness = 'none';

/** A job that runs. */
export interface FaultyJob {
  jobId: string;
  dispatchId: string;
  room: string;
  /** Of its agent. */
  identity: string;
  pid: number;
  /** Who is in the room with the agent, and stays. */
  caller: Participant;
}

/** The scene: made once for all cases of a file, as it takes seconds. */
export class FaultyJobs {
  readonly server: LiveKitServer;
  readonly stage: Stage;
  readonly worker: LibraryWorker;
  /** What the worker logs. */
  readonly log = new Recorder<LogLine>();
  readonly #agentName = `misbehaves-${randomUUID()}`;
  readonly #undos: (() => unknown)[] = [];
  #witness: FaultyJob | undefined;

  /** Starts a server, a worker and the healthy job. */
  static async start(options: Partial<WorkerOptionsInit> = {}): Promise<FaultyJobs> {
    const binary = inject('liveKitBinary');
    const scene = new FaultyJobs(await startLiveKitServer({ binary, guard: testGuard() }), options);
    await scene.worker.handle.start();
    scene.#witness = await scene.start(witness);
    return scene;
  }

  private constructor(server: LiveKitServer, options: Partial<WorkerOptionsInit>) {
    this.server = server;
    this.#undos.push(() => server.stop());
    this.stage = new Stage(server);
    const logger = pino(
      { level: 'debug', base: null },
      { write: (line: string) => this.log.add(parseLogLine(line) ?? {}) },
    );
    const after = (undo: () => unknown) => void this.#undos.push(undo);
    this.worker = new LibraryWorker({ after }, server, {
      agent: 'misbehaves',
      agentName: this.#agentName,
      logger,
      numIdleProcesses: 2,
      entryGraceTimeoutMs: 300,
      ...options,
    });
    this.#undos.push(() => this.stage.clear());
  }

  /** Ends everything. */
  async end(): Promise<void> {
    for (const undo of this.#undos.toReversed()) await undo();
  }

  /** Dispatches a job of that kind; resolves when its entry runs. */
  async launch(misdeed: string): Promise<FaultyJob> {
    const room = newRoom();
    const caller = await this.stage.join(room, 'caller');
    const options = { room, metadata: misdeed };
    const { dispatchId } = await this.stage.dispatch(this.#agentName, options);
    const { jobId, identity } = await this.worker.next(
      'job.accepted',
      (event) => event.dispatchId === dispatchId,
    );
    const pid = await this.worker.pidOf(jobId);
    return { jobId, dispatchId, room, identity, pid, caller };
  }

  /** The same; resolves when the agent is in its room, ready to do what it does. */
  async start(misdeed: string): Promise<FaultyJob> {
    const job = await this.launch(misdeed);
    await this.worker.next('job.connected', ({ jobId }) => jobId === job.jobId);
    await job.caller.waitForParticipant(job.identity);
    return job;
  }

  /** The same, and now it does it: the clock starts. */
  async provoke(record: FaultRecord, misdeed: string): Promise<FaultyJob> {
    const job = await this.start(misdeed);
    record.start();
    await this.go(job);
    return job;
  }

  /** Tells a job to do what it does. Not by a data message: the first one of a connection may take seconds. */
  async go({ room }: FaultyJob): Promise<void> {
    await this.stage.tell(room, 'go');
  }

  /** Resolves when a job is over and nothing is left of it; tells what everyone was told. */
  async over({ jobId, pid, room, identity }: FaultyJob, { withinMs = 15_000 } = {}) {
    const { end, session, failure } = await this.worker.ended(jobId, { timeoutMs: withinMs });
    // They are killed when the process has exited; the kernel takes a moment.
    const inGroup = () => listProcesses().filter((info) => info.group === pid);
    const left = await waitForNone(inGroup, 500);
    expect(describe(left), 'what is left of the process group').toBe('');
    // The server may still be busy with its leaving. By itself it takes 21 s to notice that one is dead.
    await vi.waitFor(async () => expect(await this.stage.whoIsIn(room)).not.toContain(identity), {
      timeout: within(1_000),
      interval: 20,
    });
    expect(this.worker.handle.activeJobs.map((job) => job.jobId)).not.toContain(jobId);
    const exit = await this.worker.next('process.exited', (event) => event.pid === pid);
    return {
      end,
      reason: session?.reason,
      error: failure?.message,
      exit: exit.signal ?? exit.code,
      status: await this.#reported(jobId),
      logged: this.#logged(jobId),
      warnings: this.#warnings(jobId),
    };
  }

  /** Nothing happened to the healthy job: it answers in its room. */
  async expectWitness(): Promise<void> {
    const { caller, room, identity, jobId } = this.#witness!;
    const text = randomUUID();
    await caller.send('ping', text);
    await caller.messages.waitFor(
      'The answer of the healthy job',
      (message) => message.topic === 'pong' && message.text === text,
    );
    expect(await this.stage.whoIsIn(room)).toEqual([identity, 'caller'].toSorted());
    expect(this.worker.handle.activeJobs).toContainEqual({ jobId, phase: 'running' });
  }

  /** What the server was told of the end of a job, as its log says. */
  async #reported(jobId: string): Promise<string> {
    const line = await this.server.output.waitFor(
      `The report of ${jobId}`,
      (text) => text.includes('"job ended"') && text.includes(jobId),
    );
    const { status, error } = parseLogLine(line) ?? {};
    return [status, error].filter((part) => part !== '').join(', ');
  }

  /** Steps of its end that failed or took too long. */
  #warnings(jobId: string): string[] {
    const warnings = this.worker.all('job.warning').filter((event) => event.jobId === jobId);
    return warnings.map(({ step, failure }) => `${step}: ${failure.message}`);
  }

  #logged(jobId: string): string {
    const line = this.log.items.find(
      (item) => item.event === 'job.ended' && item['jobId'] === jobId,
    );
    return line?.msg ?? '';
  }
}

/**
 * What the server was told of a job that failed. Of an agent that is gone it also draws its own conclusion, and may be
 * quicker with that than with the worker's message.
 */
export function reported(error: string): unknown {
  return expect.toBeOneOf([`JS_FAILED, ${error}`, 'JS_FAILED, agent worker left the room']);
}

/** Everything that a process has started, and itself. */
export function familyOf(pid: number): number[] {
  return [pid, ...descendantsOf(pid).map((info) => info.pid)];
}
