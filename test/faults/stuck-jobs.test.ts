/** Jobs that do not answer, do not end, take too much, or say too much. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { fault, section } from '../support/fault.ts';
import { familyOf, FaultyJobs, reported } from '../support/faulty-jobs.ts';
import { expectNoneLeft } from '../support/processes.ts';
import { ended, newRoom, pidOf, type StageJob, type StageWorker } from '../support/stage.ts';

/** Set for these cases; what is documented is the rule, not the number. */
const unresponsiveTimeoutMs = 2_000;
/** A ping each second, then the limit, then a second for a pong that is still unread. */
const unresponsiveWithin = 1_000 + unresponsiveTimeoutMs + 1_000;
const jobMemoryLimitMB = 400;

const hangsInDispose = fileURLToPath(new URL('../fixtures/hangs-in-dispose.cjs', import.meta.url));

section.concurrent('Jobs that go wrong', () => {
  let jobs: FaultyJobs;
  /** A program, for what cannot be done to the process of the tests. */
  let program: StageWorker;
  let neighbour: StageJob;
  beforeAll(async () => {
    jobs = await FaultyJobs.start({
      unresponsiveTimeoutMs,
      jobMemoryLimitMB,
      jobMemoryWarnMB: 200,
      shutdownTimeoutMs: 2_500,
    });
    program = await jobs.stage.startWorker('misbehaves', {
      nodeArgs: ['--require', hangsInDispose],
    });
    neighbour = await call('none');
  });
  afterAll(() => jobs.end());

  async function call(metadata: string) {
    const room = newRoom();
    await jobs.stage.join(room, 'caller');
    return jobs.stage.call(program, { room, metadata });
  }

  /** How a job of the program ended; nothing of it is left. */
  async function endOf(job: StageJob) {
    const pid = await pidOf(program, job);
    const { end, session } = await ended(program, job);
    await expectNoneLeft([pid]);
    expect(await jobs.stage.whoIsIn(job.room)).toEqual(['caller']);
    expect(await jobs.stage.whoIsIn(neighbour.room)).toContain(neighbour.identity);
    const { code } = await program.program.waitForEvent(
      'process.exited',
      ({ jobPid }) => jobPid === pid,
    );
    const warnings = program.program.log.items.filter(
      (line) => line.event === 'job.warning' && line['jobId'] === job.jobId,
    );
    return { end, reason: session?.reason, code, steps: warnings.map(({ step }) => step) };
  }

  const blocked = [
    ['entry loops for ever', 'loops'],
    ['the job waits for a program and answers nothing', 'waitsForProgram'],
  ] as const;
  for (const [name, misdeed] of blocked) {
    fault(name, { within: unresponsiveWithin + 1_000 }, async (record) => {
      const job = await jobs.start(misdeed);
      record.start();
      await jobs.go(job);
      await jobs.worker.next('process.unresponsive', ({ pid }) => pid === job.pid);
      const family = familyOf(job.pid);
      const facts = await jobs.over(job);
      await expectNoneLeft(family);
      record(`failed: ${facts.reason}, ${facts.exit}, its participant is removed`);
      const error = `The job process did not answer for ${unresponsiveTimeoutMs} ms: its event loop is blocked.`;
      expect(facts).toEqual({
        end: 'failed',
        reason: 'unresponsive',
        error,
        exit: 'SIGKILL',
        status: reported(`unresponsive: ${error}`),
        logged: `job failed (unresponsive): ${error}`,
        warnings: [],
      });
      await jobs.expectWitness();
    });
  }

  fault(
    'entry loops before it connects',
    { within: unresponsiveWithin + 1_000 },
    async (record) => {
      const job = await jobs.launch('loopsBeforeConnect');
      record.start();
      const facts = await jobs.over(job);
      record(`failed: ${facts.reason}, ${facts.exit}`);
      expect(facts).toMatchObject({ end: 'failed', reason: 'unresponsive', exit: 'SIGKILL' });
      await jobs.expectWitness();
    },
  );

  fault('the job answers nothing for a second', { within: 6_000 }, async (record) => {
    const job = await jobs.provoke(record, 'blocksForAWhile');
    await job.caller.send('ping', 'here?');
    await job.caller.waitForMessage('pong');
    record('it goes on');
    expect(jobs.worker.handle.activeJobs).toContainEqual({ jobId: job.jobId, phase: 'running' });
  });

  const stubborn = [
    ['entry waits for its own shutdown callback', 'waitsForItsCallback', ['entry']],
    ['entry ignores ctx.signal', 'ignoresAbort', ['entry']],
    ['a shutdown callback hangs', 'hangsInCallback', ['callbacks', 'close']],
    ['a shutdown callback throws', 'throwsInCallback', ['callbacks']],
  ] as const;
  for (const [name, misdeed, steps] of stubborn) {
    fault(name, { within: 4_000 }, async (record) => {
      const job = await jobs.provoke(record, misdeed);
      const facts = await jobs.over(job);
      record(
        `succeeded: ${facts.reason}, exit code ${facts.exit}, warned of the step "${steps[0]}"`,
      );
      expect(facts).toMatchObject({
        end: 'succeeded',
        reason: 'agent-ended',
        error: undefined,
        exit: 0,
        status: 'JS_SUCCESS',
        logged: 'job succeeded (agent-ended)',
      });
      const warned = facts.warnings.map((text) => text.split(':')[0]);
      expect(steps).toEqual(expect.arrayContaining(warned));
      expect(warned).toContain(steps[0]);
      if (misdeed === 'throwsInCallback') {
        expect(facts.warnings).toEqual([
          'callbacks: 1 of 1 shutdown callbacks failed: the lamp is broken',
        ]);
      }
      await jobs.expectWitness();
    });
  }

  fault('entry swallows every abort', { within: unresponsiveWithin + 1_000 }, async (record) => {
    const job = await jobs.provoke(record, 'swallowsEveryAbort');
    const facts = await jobs.over(job);
    record(`failed: ${facts.reason}, ${facts.exit}, its participant is removed`);
    expect(facts).toMatchObject({ end: 'failed', reason: 'unresponsive', exit: 'SIGKILL' });
    expect(facts.status).toEqual(reported(`unresponsive: ${facts.error}`));
    await jobs.expectWitness();
  });

  fault('memory grows past jobMemoryLimitMB', { within: 12_000 }, async (record) => {
    const job = await jobs.provoke(record, 'growsForEver');
    const facts = await jobs.over(job);
    record(`failed: ${facts.reason}, exit code ${facts.exit}`);
    const events = jobs.worker.all('process.memory').filter(({ pid }) => pid === job.pid);
    expect(events.at(-1)).toMatchObject({ level: 'limit', limitBytes: jobMemoryLimitMB * 1e6 });
    expect(facts).toMatchObject({ end: 'failed', reason: 'memory-limit', exit: 1 });
    const text = `The job process took more than ${jobMemoryLimitMB} MB of memory.`;
    expect(facts.status).toEqual(reported(`memory-limit: ${text}`));
    expect(facts.logged).toBe(`job failed (memory-limit): ${text}`);
    await jobs.expectWitness();
  });

  fault('the native library hangs in its end', { within: 4_000 }, async (record) => {
    const job = await call('hangsInDispose');
    record.start();
    await jobs.stage.tell(job.room, 'go');
    const facts = await endOf(job);
    record(`succeeded: ${facts.reason}, exit code ${facts.code}, warned of the step "dispose"`);
    expect(facts).toEqual({ end: 'succeeded', reason: 'agent-ended', code: 0, steps: ['dispose'] });
  });

  fault('the job floods its log', { within: 5_000 }, async (record) => {
    const job = await call('floodsItsLog');
    record.start();
    await jobs.stage.tell(job.room, 'go');
    const facts = await endOf(job);
    record(`succeeded: ${facts.reason}, every line is there`);
    expect(facts).toEqual({ end: 'succeeded', reason: 'agent-ended', code: 0, steps: [] });
    const lines = program.program.log.items.filter((line) => line.msg === 'flood');
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 5_000 }, (_, at) => at + 1));
  });
});
