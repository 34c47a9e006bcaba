/** A real Chromium for the tests of the page: one for all tests of a file. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { afterAll } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

let browser: Promise<Browser> | null = null;

afterAll(async () => {
  await (await browser)?.close();
});

/** A page, and what went wrong in it. */
export interface WatchedPage {
  page: Page;
  /** Errors, refusals of the Content-Security-Policy, and requests that failed or left the page's origin. */
  problems: string[];
}

/** Opens the address in a tab of its own. */
export async function openPage(
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  browser ??= launch();
  const context = await (
    await browser
  ).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  watch(page, new URL(url).origin, problems);
  await page.goto(url);
  return { page, problems };
}

/** Notes what goes wrong in a page. */
export function watch(page: Page, origin: string, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('requestfailed', (request) => problems.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    const isOwn = request.url().startsWith(origin) || /^(data|blob|about):/.test(request.url());
    if (!isOwn) problems.push(`left the origin: ${request.url()}`);
  });
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Root, as in containers of CI, has no sandbox; the pages are our own.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

function findChromium(): string {
  const { CHROMIUM_BIN, PATH = '' } = process.env;
  if (CHROMIUM_BIN !== undefined && CHROMIUM_BIN !== '') return CHROMIUM_BIN;
  const found = PATH.split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    'There is no Chromium for the tests of the inspector. Install one (Debian: apt-get install chromium) or name it in CHROMIUM_BIN.',
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
