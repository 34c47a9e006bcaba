/** The page beside a real worker with jobs in processes of their own. */
import type { Page } from 'playwright-core';
import { afterEach, expect, inject, it } from 'vitest';
import { LibraryWorker } from '../../support/library-worker.ts';
import { newRoom, Stage } from '../../support/stage.ts';
import { openPage } from './browser.ts';

const stage = new Stage(inject('liveKit'));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await stage.clear();
});

async function startWorker(options: object = {}): Promise<LibraryWorker> {
  const record = { after: (clean: () => unknown) => void cleanups.push(clean) };
  return LibraryWorker.start(record, stage.server, {
    agent: 'obeys',
    agentName: newRoom(),
    inspect: true,
    ...options,
  });
}

/** Dispatches a job, and waits until its agent is in the room. */
async function call(worker: LibraryWorker): Promise<{ room: string; jobId: string }> {
  const [registration] = worker.handle.options.registrations;
  const { room } = await stage.dispatch(registration!.agentName);
  const { jobId } = await worker.next('job.connected', (event) => event.room === room);
  return { room, jobId };
}

const jobRow = (page: Page, jobId: string) => page.getByRole('treeitem', { name: jobId });
const search = (page: Page, text: string) =>
  page.getByRole('searchbox', { name: 'Search actors' }).fill(text);
const fact = (page: Page, name: string) =>
  page
    .locator('.fact')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd');

it('follows five jobs in five processes to their ends, and goes back to the first request', async () => {
  const worker = await startWorker({ maxJobs: 6 });
  const { page, problems } = await openPage(worker.handle.inspectorUrl!);
  await page.getByRole('treeitem', { name: /^worker/ }).waitFor();
  expect(await fact(page, 'Server').textContent()).toBe('registered');

  const jobs = [];
  for (let count = 0; count < 5; count += 1) jobs.push(await call(worker));
  // The list has elements only for what can be seen: the search brings each there.
  for (const { jobId } of jobs) {
    await search(page, jobId);
    await jobRow(page, jobId).filter({ hasText: 'running.connected' }).waitFor();
  }
  await search(page, jobs[0]!.jobId);
  await expect.poll(() => fact(page, 'Slots').textContent()).toBe('5 of 6');

  // The chart of a job that runs.
  const [first, second] = jobs;
  await jobRow(page, first!.jobId).click();
  await page.locator('[data-state="running.connected"].active').waitFor();
  await page.locator('.label.taken', { hasText: 'session.connected' }).waitFor();
  expect(await page.locator('#actor-facts').textContent()).toContain(first!.room);
  // Its session, in another process.
  await page
    .getByRole('treeitem', { name: /^session/ })
    .first()
    .click();
  await page.locator('[data-state].active').first().waitFor();

  // Each ends, with an outcome.
  for (const { room, jobId } of jobs) {
    await stage.rooms.deleteRoom(room);
    await worker.ended(jobId);
  }
  for (const { jobId } of jobs) {
    await search(page, jobId);
    await jobRow(page, jobId)
      .filter({ hasText: /succeeded · room-deleted/ })
      .waitFor();
  }
  await search(page, '');

  // The timeline has a bar for each.
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await expect.poll(() => page.locator('.lanes .row').count()).toBe(5);
  const phases = page.locator('.lanes .row').first().locator('.bar');
  expect(
    await phases.evaluateAll((bars) => bars.map((bar) => bar.getAttribute('data-phase'))),
  ).toEqual(expect.arrayContaining(['running', 'closing']));

  // Back to the first request: no job is there yet; one step on, there is.
  await page.getByRole('tab', { name: 'Events' }).click();
  await page.getByRole('searchbox', { name: 'Event type' }).fill('registration.jobRequested');
  await expect.poll(() => page.locator('#event-count').textContent()).toBe('5 events');
  await page.locator('#events').press('Home');
  await page.locator('#payload', { hasText: first!.jobId }).waitFor();
  await expect.poll(() => jobRow(page, first!.jobId).count()).toBe(0);
  await page.getByRole('tab', { name: 'Actor' }).click();
  const deciding = page
    .getByRole('treeitem', { name: first!.jobId })
    .filter({ hasText: 'requested' });
  await expect
    .poll(async () => {
      await page.locator('#tree').press('.');
      return deciding.count();
    })
    .toBe(1);
  expect(await jobRow(page, second!.jobId).count()).toBe(0);

  // And back to now.
  await page.locator('#tree').press('l');
  await search(page, second!.jobId);
  await jobRow(page, second!.jobId).filter({ hasText: 'succeeded' }).waitFor();
  expect(problems).toEqual([]);
});

it('a second tab that comes late sees the same, and a drain to its end', async () => {
  const worker = await startWorker();
  const early = await openPage(worker.handle.inspectorUrl!);
  await early.page.getByRole('treeitem', { name: /^worker/ }).waitFor();
  const { room, jobId } = await call(worker);
  await jobRow(early.page, jobId).filter({ hasText: 'running.connected' }).waitFor();

  const late = await openPage(worker.handle.inspectorUrl!, { colorScheme: 'dark' });
  await jobRow(late.page, jobId).filter({ hasText: 'running.connected' }).waitFor();
  const rows = (page: Page) => page.locator('#tree .row .name').allTextContents();
  await expect.poll(() => rows(late.page)).toEqual(await rows(early.page));
  // What it did not see happen is there to travel through.
  await late.page.locator('#canvas').press('Home');
  await expect.poll(() => jobRow(late.page, jobId).count()).toBe(0);
  await late.page.locator('#canvas').press('l');

  const drained = worker.handle.drain();
  await expect.poll(() => fact(late.page, 'Drain').textContent()).toBe('1 of 1 jobs left');
  await stage.rooms.deleteRoom(room);
  expect((await drained).outcome).toBe('drained');
  await expect
    .poll(() => late.page.locator('#connection').textContent())
    .toContain('connection lost');
  // The end of the server is no problem of the page.
  const own = late.problems.filter((problem) => !problem.includes('WebSocket'));
  expect([...early.problems.filter((problem) => !problem.includes('WebSocket')), ...own]).toEqual(
    [],
  );
});

it('a tab that stood still shows how it is now', async () => {
  const worker = await startWorker();
  const { page, problems } = await openPage(worker.handle.inspectorUrl!);
  await page.getByRole('treeitem', { name: /^worker/ }).waitFor();
  const stalled = page.evaluate(() => {
    const end = performance.now() + 3000;
    while (performance.now() < end);
  });
  const { jobId } = await call(worker);
  await stalled;
  await jobRow(page, jobId).filter({ hasText: 'running.connected' }).waitFor();
  expect(problems).toEqual([]);
});

it('sends events only where the worker allows it', async () => {
  const watching = await startWorker();
  const first = await openPage(watching.handle.inspectorUrl!);
  await first.page.getByRole('treeitem', { name: /^worker/ }).waitFor();
  expect(await first.page.locator('#send').isVisible()).toBe(false);

  const controlled = await startWorker({ inspectControl: true });
  const { page } = await openPage(controlled.handle.inspectorUrl!);
  await page.getByRole('button', { name: 'worker.pause' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Delivered.').waitFor();
  await controlled.next('worker.paused');
  await page.locator('[data-state="running.paused"].active').waitFor();
  await page.getByLabel('Send an event').fill('{ "typ": 1 }');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('An event is an object with a type').waitFor();
});
