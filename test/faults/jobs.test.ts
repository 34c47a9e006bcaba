/** Jobs that throw, exit, die, never come to their room, or do not end it as they should. */
import { afterAll, beforeAll, expect } from 'vitest';
import { fault, section } from '../support/fault.ts';
import { familyOf, FaultyJobs, reported } from '../support/faulty-jobs.ts';
import { LibraryWorker } from '../support/library-worker.ts';
import { expectNoneLeft } from '../support/processes.ts';
import { ScriptedServer } from '../support/scripted-server.ts';

section.concurrent('Jobs that go wrong', () => {
  let jobs: FaultyJobs;
  beforeAll(async () => {
    jobs = await FaultyJobs.start();
  });
  afterAll(() => jobs.end());

  fault('entry throws before it connects', { within: 2_000 }, async (record) => {
    const job = await jobs.launch('throwsBeforeConnect');
    record.start();
    const facts = await jobs.over(job);
    record(`failed: ${facts.reason}, exit code ${facts.exit}`);
    expect(facts).toEqual({
      end: 'failed',
      reason: 'entry-failed',
      error: 'the cat sat on the keyboard',
      exit: 1,
      status: reported('entry-failed: the cat sat on the keyboard'),
      logged: 'job failed (entry-failed): the cat sat on the keyboard',
      warnings: [],
    });
    await jobs.expectWitness();
  });

  const throws = [
    ['entry throws', 'throws', 'entry-failed', 'the cat sat on the keyboard'],
    ['entry rejects later', 'rejectsLater', 'entry-failed', 'the cat woke up late'],
    ['a promise that nobody minds rejects', 'rejectsToNobody', 'crashed', 'nobody minds the cat'],
    ['a timer throws', 'throwsInTimer', 'crashed', 'nobody minds the clock'],
  ] as const;
  for (const [name, misdeed, reason, text] of throws) {
    fault(name, { within: 2_000 }, async (record) => {
      const job = await jobs.provoke(record, misdeed);
      const facts = await jobs.over(job);
      record(`failed: ${facts.reason}, exit code ${facts.exit}`);
      expect(facts).toEqual({
        end: 'failed',
        reason,
        error: text,
        exit: 1,
        status: reported(`${reason}: ${text}`),
        logged: `job failed (${reason}): ${text}`,
        warnings: [],
      });
      await jobs.expectWitness();
    });
  }

  fault('process.exit(3)', { within: 2_000 }, async (record) => {
    const job = await jobs.provoke(record, 'exits');
    const facts = await jobs.over(job);
    record(`failed: ${facts.reason}, exit code ${facts.exit}, its participant is removed`);
    const error = 'The job process exited with code 3.';
    expect(facts).toEqual({
      end: 'failed',
      reason: 'crashed',
      error,
      exit: 3,
      status: reported(`crashed: ${error}`),
      logged: `job failed (crashed): ${error}`,
      warnings: [],
    });
    await jobs.expectWitness();
  });

  fault('kill -9 of the job process', { within: 2_000 }, async (record) => {
    const job = await jobs.start('none');
    record.start();
    process.kill(job.pid, 'SIGKILL');
    const facts = await jobs.over(job);
    record(`failed: ${facts.reason}, ${facts.exit}, its participant is removed`);
    const error = 'The job process was ended by SIGKILL.';
    expect(facts).toEqual({
      end: 'failed',
      reason: 'crashed',
      error,
      exit: 'SIGKILL',
      status: reported(`crashed: ${error}`),
      logged: `job failed (crashed): ${error}`,
      warnings: [],
    });
    await jobs.expectWitness();
  });

  fault('entry never connects', { within: 10_500 }, async (record) => {
    const job = await jobs.launch('neverConnects');
    record.start();
    const warning = await jobs.worker.next(
      'job.warning',
      ({ jobId, step }) => jobId === job.jobId && step === 'connect',
      { timeoutMs: 12_000 },
    );
    record('warned of; the job goes on and can be ended');
    expect(warning.failure.code).toBe('GR_ROOM_NOT_CONNECTED');
    expect(warning.failure.message).toContain('Is ctx.connect() missing in entry?');
    expect(jobs.worker.handle.activeJobs).toContainEqual({ jobId: job.jobId, phase: 'running' });
    process.kill(job.pid, 'SIGTERM');
    expect(await jobs.over(job, { withinMs: 20_000 })).toMatchObject({
      end: 'succeeded',
      reason: 'terminated',
      exit: 0,
    });
  });

  fault('entry returns without having connected', { within: 2_000 }, async (record) => {
    const job = await jobs.launch('returns');
    record.start();
    const facts = await jobs.over(job);
    record(`${facts.end}: ${facts.reason}, exit code ${facts.exit}`);
    expect(facts).toEqual({
      end: 'succeeded',
      reason: 'entry-returned',
      error: undefined,
      exit: 0,
      status: 'JS_SUCCESS',
      logged: 'job succeeded (entry-returned)',
      warnings: [],
    });
    await jobs.expectWitness();
  });

  fault('the room is deleted before the agent joins (R9)', { within: 3_000 }, async (record) => {
    const job = await jobs.launch('connectsLate');
    record.start();
    await jobs.stage.rooms.deleteRoom(job.room);
    const facts = await jobs.over(job);
    record(`${facts.end}: ${facts.reason}, exit code ${facts.exit}`);
    expect(facts).toMatchObject({ end: 'succeeded', reason: 'wrong-room', exit: 0 });
    expect(facts.status).toBe('JS_SUCCESS');
    await jobs.expectWitness();
  });

  fault('a token that nobody accepts', { within: 5_000 }, async (record) => {
    const server = await ScriptedServer.start(record);
    const worker = await LibraryWorker.start(record, server.access);
    const connection = await server.available(1);
    expect(await connection.dispatch('AJ_other')).toBe(true);
    const other = await worker.pidOf('AJ_other');
    record.start();
    // The real server knows nothing of the token that comes with this job.
    await connection.dispatch('AJ_1', { metadata: 'join' }, jobs.server.url);
    const { end, session } = await worker.ended('AJ_1');
    const pid = await worker.pidOf('AJ_1');
    await expectNoneLeft([pid]);
    record(`${end}: ${session?.reason}, exit code 1`);
    expect({ end, reason: session?.reason }).toEqual({ end: 'failed', reason: 'entry-failed' });
    expect(session?.failure?.code).toBe('GR_ROOM_CONNECT_FAILED');
    expect(session?.failure?.message).toMatch(
      /could not connect to the room "the-room" at ws.*: ./,
    );
    expect((await connection.jobUpdate('AJ_1')).error).toMatch(/^entry-failed: The agent could/);
    expect(await worker.next('process.exited', (event) => event.pid === pid)).toMatchObject({
      code: 1,
    });
    expect(worker.handle.activeJobs).toEqual([{ jobId: 'AJ_other', phase: 'running' }]);
    await expect(expectNoneLeft([other], { withinMs: 0 })).rejects.toThrow('Still running');
  });

  fault('the job leaves programs behind', { within: 2_000 }, async (record) => {
    const job = await jobs.start('leavesPrograms');
    const family = familyOf(job.pid);
    expect(family.length).toBeGreaterThan(2);
    record.start();
    await jobs.go(job);
    const facts = await jobs.over(job);
    await expectNoneLeft(family);
    record(`${facts.end}: ${facts.reason}; they are killed with it`);
    expect(facts).toMatchObject({ end: 'succeeded', reason: 'agent-ended', exit: 0 });
    await jobs.expectWitness();
  });

  fault('kill -9 of a job that has started programs', { within: 2_000 }, async (record) => {
    const job = await jobs.start('leavesPrograms');
    const family = familyOf(job.pid);
    expect(family.length).toBeGreaterThan(2);
    record.start();
    process.kill(job.pid, 'SIGKILL');
    const facts = await jobs.over(job);
    await expectNoneLeft(family);
    record(`${facts.end}: ${facts.reason}; they are killed with it`);
    expect(facts).toMatchObject({ end: 'failed', reason: 'crashed', exit: 'SIGKILL' });
    await jobs.expectWitness();
  });

  fault('the job closes its own link to the worker', { within: 3_000 }, async (record) => {
    const job = await jobs.provoke(record, 'closesItsLink');
    const facts = await jobs.over(job);
    record(`${facts.end}: ${facts.reason}, exit code ${facts.exit}`);
    const error = 'The job process exited with code 1.';
    expect(facts).toMatchObject({ end: 'failed', reason: 'crashed', error, exit: 1 });
    expect(facts.status).toEqual(reported(`crashed: ${error}`));
    await jobs.expectWitness();
  });
});
