/** The page as the offline inspector of XState apps that know nothing of Greenroom. */
import { createWebSocketInspector } from '@statelyai/inspect';
import { createActor } from 'xstate';
import { afterEach, describe, expect, it } from 'vitest';
import { InspectHub } from '../../../src/inspect/hub.ts';
import { type InspectServer, serveInspector } from '../../../src/inspect/server.ts';
import { toggle } from '../toggle.ts';
import { serveApp } from './app-server.ts';
import { openPage, watch } from './browser.ts';
import { builtPage } from './built-page.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(): Promise<InspectServer> {
  const hub = new InspectHub({ isAlwaysOn: true });
  const server = await serveInspector({
    hub,
    facts: { source: 'apps', title: 'apps', version: '0' },
    apps: hub,
    pageDirectory: builtPage,
  });
  cleanups.push(() => server.close());
  return server;
}

describe('an app', () => {
  it('in a browser opens the page, and is followed by postMessage', async () => {
    const server = await serve();
    const app = await serveApp('traffic');
    cleanups.push(app.close);
    const { page } = await openPage(`${app.url}?inspector=${encodeURIComponent(server.url)}`);
    const inspector = page.context().pages()[1] ?? (await page.waitForEvent('popup'));
    const problems: string[] = [];
    watch(inspector, new URL(server.url).origin, problems);

    await inspector.getByRole('treeitem', { name: /lights/ }).waitFor();
    await inspector.locator('[data-state="green"].active').waitFor();
    await page.click('#next');
    await inspector.locator('[data-state="yellow"].active').waitFor();
    expect(await inspector.locator('.label.taken .transition.taken').textContent()).toContain(
      'next',
    );
    await page.click('#next');
    await inspector.locator('[data-state="red.cars.stop"].active').waitFor();
    await inspector.locator('[data-state="red.people.walk"].active').waitFor();

    // One step back and forth.
    await inspector.locator('#canvas').press(',');
    await inspector.locator('[data-state="yellow"].active').waitFor();
    await inspector.locator('#canvas').press('l');
    await inspector.locator('[data-state="red"].active').waitFor();

    expect(await inspector.locator('[data-state="green"] > title').textContent()).toBe('Cars go.');
    expect(await inspector.getByRole('treeitem', { name: /^car/ }).count()).toBe(1);
    expect(problems).toEqual([]);
  });

  it('in a browser may show the page in a frame of its own, and is followed there', async () => {
    const server = await serve();
    const app = await serveApp('traffic');
    cleanups.push(app.close);
    const asked = `${app.url}?framed&inspector=${encodeURIComponent(server.url)}`;
    const { page } = await openPage(asked);
    expect(page.context().pages()).toHaveLength(1);
    const inspector = page.frameLocator('iframe');
    await inspector.locator('[data-state="green"].active').waitFor();
    await page.click('#next');
    await inspector.locator('[data-state="yellow"].active').waitFor();
  });

  it('in a browser may not frame the page of a worker', async () => {
    const server = await serveInspector({
      hub: new InspectHub(),
      facts: { source: 'worker', title: 'worker', version: '0' },
      pageDirectory: builtPage,
    });
    cleanups.push(() => server.close());
    const app = await serveApp('traffic');
    cleanups.push(app.close);
    const { problems } = await openPage(
      `${app.url}?framed&inspector=${encodeURIComponent(server.url)}`,
    );
    await expect.poll(() => problems.join()).toContain('frame-ancestors');
  });

  it('in Node speaks the WebSocket format of Stately', async () => {
    const server = await serve();
    const { page, problems } = await openPage(server.url);
    await page.getByText('Nothing has been sent yet.').waitFor();
    expect(await page.locator('#welcome-lines code').allTextContents()).toEqual([
      expect.stringContaining(`createWebSocketInspector({ url: '${server.appUrl}' })`),
      expect.stringContaining(`createBrowserInspector({ url: '${server.url}' })`),
    ]);

    const inspector = createWebSocketInspector({ url: server.appUrl });
    const actor = createActor(toggle, { inspect: inspector.inspect }).start();
    cleanups.push(() => inspector.stop());
    await page.locator('[data-state="off"].active').waitFor();
    actor.send({ type: 'toggle' });
    await page.locator('[data-state="on"].active').waitFor();
    expect(problems).toEqual([]);
  });
});
