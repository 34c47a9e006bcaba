/** A file is read, and its memory is given back when it is not needed any more. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOwnFile } from '../../src/job-bundle/own-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenroom-own-file-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it.each(['', 'text', 'x'.repeat(3_000_000)])('is read as a whole', (text) => {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  expect(readOwnFile(path)?.bytes.toString()).toBe(text);
});

it('has no bytes once it was released', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'text');
  const file = readOwnFile(path)!;
  const part = file.bytes.subarray(1);
  file.release();
  expect([file.bytes.length, part.length, file.bytes.buffer.byteLength]).toEqual([0, 0, 0]);
});

it('is none when there is none, or a folder', () => {
  expect([readOwnFile(join(folder, 'none')), readOwnFile(folder)]).toEqual([null, null]);
});
