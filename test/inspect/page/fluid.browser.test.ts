/** The page with 200 jobs at once and 50,000 events: how long it takes, and whether it stays fluid. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { InspectHub } from '../../../src/inspect/hub.ts';
import type { InspectMessage } from '../../../src/inspect/messages.ts';
import { type InspectServer, serveInspector } from '../../../src/inspect/server.ts';
import { LibraryWorker } from '../../support/library-worker.ts';
import { newRoom, Stage } from '../../support/stage.ts';
import { PageClient } from '../page-client.ts';
import { openPage } from './browser.ts';
import { builtPage } from './built-page.ts';
import { multiply } from './many-jobs.ts';
import { within } from '../../support/work-per-core.ts';

const stage = new Stage(inject('liveKit'));
let jobs: InspectMessage[] = [];

beforeAll(async () => {
  jobs = await recordTwoJobs();
});
afterAll(() => stage.clear());

/** What a worker with two jobs, from the request to the outcome, tells its inspector. */
async function recordTwoJobs(): Promise<InspectMessage[]> {
  const cleanups: (() => unknown)[] = [];
  const record = { after: (clean: () => unknown) => void cleanups.push(clean) };
  const agentName = newRoom();
  const worker = await LibraryWorker.start(record, stage.server, {
    agent: 'obeys',
    agentName,
    inspect: true,
  });
  const client = new PageClient(worker.handle.inspectorUrl!);
  await client.replayed();
  for (let count = 0; count < 2; count += 1) {
    const { room } = await stage.dispatch(agentName);
    const { jobId } = await worker.next('job.connected', (event) => event.room === room);
    await stage.rooms.deleteRoom(room);
    await worker.ended(jobId);
  }
  const isEnd = (message: InspectMessage): boolean =>
    message.type === '@greenroom.job' && message.job.phase === 'ended';
  await client.count(2, isEnd);
  client.close();
  for (const clean of cleanups) await clean();
  return client.messages;
}

async function serve(messages: readonly InspectMessage[]): Promise<{
  server: InspectServer;
  hub: InspectHub;
}> {
  const hub = new InspectHub({ isAlwaysOn: true, ring: { messages: 1_000_000, length: 1e9 } });
  for (const message of messages) hub.accept(message);
  const facts = { source: 'worker' as const, title: 'many', version: '0' };
  return { hub, server: await serveInspector({ hub, facts, pageDirectory: builtPage }) };
}

const eventsIn = (messages: readonly InspectMessage[]) =>
  messages.filter(({ type }) => type === '@xstate.event').length;

/** Notes how far apart the browser's frames are. */
const watchFrames = `window.gaps = [];
let last = performance.now();
requestAnimationFrame(function next() {
  const now = performance.now();
  window.gaps.push(now - last);
  last = now;
  requestAnimationFrame(next);
});`;

/** Blocks the page for 200 ms, between one frame and the next. */
const standStill = `new Promise((resolve) => requestAnimationFrame(() => {
  for (const end = performance.now() + 200; performance.now() < end; );
  requestAnimationFrame(() => requestAnimationFrame(resolve));
}))`;

/** How long the page stood still at most since the last call. */
async function longestStill(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(0, ...window.gaps.splice(0))');
}

/** Begins to watch, and sees to it that a page that stands still would be noticed. */
async function watchStills(page: Page): Promise<void> {
  await page.evaluate(watchFrames);
  await page.evaluate(standStill);
  expect(await longestStill(page)).toBeGreaterThan(150);
}

/** Sends the messages, some 2,000 in a second. */
async function flow(hub: InspectHub, messages: readonly InspectMessage[]): Promise<void> {
  for (let index = 0; index < messages.length; index += 20) {
    for (const message of messages.slice(index, index + 20)) hub.accept(message);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const travel = (share: number): string => `new Promise((resolve) => {
  const slider = document.querySelector('#moment');
  const start = performance.now();
  slider.value = String(Math.floor(Number(slider.max) * ${share}));
  slider.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
})`;

it('50,000 events: loads within 15 s, and every moment is there at once', async () => {
  const perCopy = eventsIn(multiply(jobs, { copies: 2, shiftMs: 1 })) - eventsIn(jobs);
  const stream = multiply(jobs, { copies: Math.ceil(50_000 / perCopy) + 2, shiftMs: 100 });
  expect(eventsIn(stream)).toBeGreaterThanOrEqual(50_000);
  const { server } = await serve(stream);
  const start = performance.now();
  const { page, problems } = await openPage(server.url);
  await page.getByText('live', { exact: true }).waitFor();
  const loadMs = performance.now() - start;
  await watchStills(page);
  const jumps: number[] = [];
  for (const share of [0.5, 0.1, 0.9, 0.33, 0.66, 0.99, 0.01, 0.5]) {
    jumps.push(await page.evaluate<number>(travel(share)));
  }
  await page.getByRole('tab', { name: 'Events' }).click();
  await page.getByRole('searchbox', { name: 'Event type' }).fill('session.');
  await expect.poll(() => page.locator('#event-count').textContent()).toMatch(/^[\d,]+ events$/);
  const stillMs = await longestStill(page);
  expect(loadMs).toBeLessThan(within(15_000));
  expect(Math.max(...jumps)).toBeLessThan(within(300));
  expect(stillMs).toBeLessThan(within(300));
  expect(problems).toEqual([]);
  await page.context().close();
  await server.close();
});

it('200 jobs at once, 2,000 messages in a second: no view stands still for 300 ms', async () => {
  const stream = multiply(jobs, { copies: 220, shiftMs: 1 });
  // Up to where most jobs run and hardly any has ended.
  const ends = stream.findIndex(
    ({ type, ...rest }) => type === '@greenroom.job' && 'job' in rest && rest.job.phase === 'ended',
  );
  const now = Math.max(0, ends - 4500);
  const { server, hub } = await serve(stream.slice(0, now));
  const { page, problems } = await openPage(server.url);
  await page.getByText('live', { exact: true }).waitFor();
  await watchStills(page);
  const longest: number[] = [];
  for (const [index, tab] of ['Statechart', 'Sequence', 'Timeline'].entries()) {
    await page.getByRole('tab', { name: tab }).click();
    await flow(hub, stream.slice(now + index * 1500, now + (index + 1) * 1500));
    longest.push(await longestStill(page));
  }
  expect(
    Number.parseInt((await page.locator('#actor-count').textContent()) ?? '', 10),
  ).toBeGreaterThan(500);
  const elements = await page.evaluate<number>('document.querySelectorAll("*").length');
  expect(Math.max(...longest)).toBeLessThan(within(300));
  // Only what can be seen has elements.
  expect(elements).toBeLessThan(2500);
  expect(problems).toEqual([]);
  await page.context().close();
  await server.close();
});

it('a tab that stands still while too much happens says what it lacks, and shows how it is now', async () => {
  const stream = multiply(jobs, { copies: 60, shiftMs: 20 });
  const { server, hub } = await serve(stream.slice(0, 100));
  const { page, problems } = await openPage(server.url);
  await page.getByText('live', { exact: true }).waitFor();
  const stalled = page.evaluate(
    'for (const end = performance.now() + 4000; performance.now() < end; );',
  );
  // More than the socket and the reader's queue hold together; in turns, so that the reader notices.
  for (let round = 0; round < 4; round += 1) {
    for (const message of stream.slice(100)) hub.accept(message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stalled;
  await page.locator('#connection', { hasText: /live · [\d,]+ messages missing/ }).waitFor();
  const statuses = new Map<string, string>();
  for (const { message } of hub.state()) {
    if ('snapshot' in message) statuses.set(message.sessionId, message.snapshot.status);
  }
  const live = [...statuses.values()].filter((status) => status === 'active').length;
  await expect.poll(() => page.locator('#actor-count').textContent()).toMatch(`${live} live of `);
  expect(problems).toEqual([]);
  await page.context().close();
  await server.close();
});
