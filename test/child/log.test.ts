import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { pretty: false, level: 'debug' },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { logger, lines };
}

describe('the log', () => {
  it('names the process and keeps the stack of errors', () => {
    const { logger, lines } = capture();
    logger.child({ jobId: 'AJ_1' }).error({ err: new TypeError('no') }, 'failed');
    expect(lines[0]).toMatchObject({
      level: 50,
      pid: process.pid,
      jobId: 'AJ_1',
      msg: 'failed',
      err: { type: 'TypeError', message: 'no', stack: expect.stringContaining('log.test.ts') },
    });
    expect(lines[0]).not.toHaveProperty('hostname');
  });

  it('never shows a secret', () => {
    const { logger, lines } = capture();
    logger.info(
      { token: 's3', order: { token: 's3', url: 'ws://x' }, a: { b: { apiSecret: 's3' } } },
      'launched',
    );
    logger.info({ headers: { authorization: 's3' }, apiKey: 's3' }, 'asked');
    expect(JSON.stringify(lines)).not.toContain('s3');
    expect(lines[0]).toMatchObject({ order: { token: '[redacted]', url: 'ws://x' } });
  });

  it('never shows a token, wherever it stands', () => {
    const { logger, lines } = capture();
    const token = 'eyJhbGciOi.eyJzdWIi.c2ln';
    const err = new Error(`no answer of wss://host/rtc?access_token=${token}&x=1`);
    logger.warn({ err, deep: { list: [{ url: token }] } }, `not connected with ${token}`);
    logger.child({ jobId: token }).info(token);
    expect(JSON.stringify(lines)).not.toContain('eyJ');
    expect(lines[0]).toMatchObject({
      msg: 'not connected with <token>',
      err: { message: 'no answer of wss://host/rtc?access_token=<token>&x=1' },
      deep: { list: [{ url: '<token>' }] },
    });
  });

  it.each([
    ['JSON', false, '"msg":"last"'],
    ['pretty', true, 'last'],
  ])('in %s loses no line when the process exits at once', (_name, pretty, expected) => {
    const module = new URL('../../src/log.ts', import.meta.url).href;
    const script = `
      const { initializeLogger, log } = await import('${module}');
      initializeLogger({ pretty: ${String(pretty)}, level: 'info' });
      for (let line = 0; line < 500; line += 1) log().info('line ' + line);
      log().info('last');
      process.exit(0);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const output = execFileSync(process.execPath, args).toString();
    expect(output).toContain(expected);
    expect(output.trim().split('\n')).toHaveLength(501);
  });
});
