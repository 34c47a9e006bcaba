/** The page for people who use no mouse, or who hear it; and a recording, which nobody sends any more. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { createActor, fromPromise } from 'xstate';
import { afterEach, expect, it } from 'vitest';
import { InspectHub } from '../../../src/inspect/hub.ts';
import { serveInspector } from '../../../src/inspect/server.ts';
import { WireWriter } from '../../../src/inspect/wire/writer.ts';
import { sessionCloseMachine } from '../../../machines/index.ts';
import { lights } from '../../diagram/machines.ts';
import { toggle } from '../toggle.ts';
import { openPage } from './browser.ts';
import { builtPage } from './built-page.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** Two actors: one that was toggled, one with parallel regions. */
async function serveActors(source: 'worker' | 'recording' = 'worker'): Promise<string> {
  const hub = new InspectHub({ isAlwaysOn: true });
  const writer = (prefix: string) =>
    new WireWriter({ send: hub.accept, scope: { prefix, parentId: 'none', rootId: 'none' } });
  const toggled = createActor(toggle, { systemId: 'toggle', inspect: writer('t').inspect }).start();
  for (let count = 0; count < 3; count += 1) toggled.send({ type: 'toggle' });
  const countCars = fromPromise(() => new Promise<never>(() => {}));
  const cars = lights.provide({ actors: { countCars } });
  const lit = createActor(cars, { systemId: 'lights', inspect: writer('l').inspect }).start();
  cleanups.push(() => lit.stop());
  const server = await serveInspector({
    hub,
    facts: {
      source,
      title: source,
      version: '0',
      recording:
        source === 'worker'
          ? null
          : { file: 'run.ndjson', files: 1, messages: 10, from: 0, to: 1, unreadable: 0 },
    },
    pageDirectory: builtPage,
  });
  cleanups.push(() => server.close());
  return server.url;
}

async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(
    `axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`,
  );
}

it.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
  const { page } = await openPage(await serveActors(), { colorScheme, bypassCSP: true });
  await page.locator('[data-state="on"].active').waitFor();
  expect(await faults(page)).toEqual([]);
  await page.getByRole('tab', { name: 'Events' }).click();
  for (const name of ['Sequence', 'Timeline']) {
    await page.getByRole('tab', { name }).click();
    await page.getByRole('tabpanel', { name }).waitFor();
    expect(await faults(page)).toEqual([]);
  }
});

it('works by keyboard alone', async () => {
  const { page, problems } = await openPage(await serveActors());
  await page.locator('[data-state="on"].active').waitFor();
  // The search, then into the tree: down to the next actor.
  await page.keyboard.press('/');
  await page.keyboard.type('lights');
  await page.getByRole('treeitem', { name: /^toggle/ }).waitFor({ state: 'detached' });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await page.locator('#actor-name', { hasText: 'lights' }).waitFor();
  await page.locator('[data-state="green"]').waitFor();

  await page.keyboard.press('2');
  await page.getByRole('listbox', { name: 'Messages' }).waitFor();
  await page.keyboard.press('e');
  await page.getByRole('listbox', { name: 'Events' }).waitFor();
  await page.keyboard.press('1');
  // Out of the tree, whose first line Home would choose.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Home');
  await page.locator('#moment-text', { hasText: /· 0 of \d+/ }).waitFor();
  await page.keyboard.press('.');
  await page.locator('#moment-text', { hasText: /· 1 of \d+/ }).waitFor();
  await page.keyboard.press('l');
  await page.getByRole('button', { name: 'Live', pressed: true }).waitFor();

  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(problems).toEqual([]);
});

it('the layout of our machines comes with the page: ELK is not loaded for them', async () => {
  const hub = new InspectHub({ isAlwaysOn: true });
  const writer = new WireWriter({ send: hub.accept });
  const actor = createActor(sessionCloseMachine, {
    inspect: writer.inspect,
    input: {} as never,
  });
  actor.subscribe({ error: () => {} });
  actor.start();
  const facts = { source: 'worker' as const, title: 'own', version: '0' };
  const server = await serveInspector({ hub, facts, pageDirectory: builtPage });
  cleanups.push(() => server.close());
  const { page } = await openPage(server.url);
  const chart = page.locator('.chart [data-state=""]');
  await chart.waitFor();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await page.reload();
  await chart.waitFor();
  expect(requests.filter((path) => path.endsWith('layouts.json')).length).toBe(1);
  expect(requests.filter((path) => path.includes('elk'))).toEqual([]);
});

it('a recording is shown to its end, and is not waited for', async () => {
  const { page, problems } = await openPage(await serveActors('recording'));
  await page.locator('#connection', { hasText: 'recording' }).waitFor();
  await page.locator('[data-state="on"].active').waitFor();
  await page.getByRole('button', { name: 'End', exact: true }).waitFor();
  await page.locator('#canvas').press('Home');
  // Played from there, it ends where it ended.
  await page.getByRole('button', { name: 'Play' }).click();
  await page.locator('[data-state="on"].active').waitFor();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  expect(problems).toEqual([]);
});
