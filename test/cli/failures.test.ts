/** What a worker program says when it cannot run: one clear message on standard error, exit code 1. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSignalServer } from '../support/signal-server.ts';
import { Dispatcher } from './dispatcher.ts';
import { agentSource, binary, Project, waits } from './project.ts';

let project: Project;

beforeEach(() => {
  project = new Project({ 'agent.js': agentSource(waits) });
});

afterEach(async () => {
  expect(await project.left()).toBe('');
});

const serverEnv = (url: string, env: Record<string, string> = {}) => ({
  LIVEKIT_URL: url,
  LIVEKIT_API_KEY: 'key',
  LIVEKIT_API_SECRET: 'secret',
  ...env,
});

describe('asked for text, it prints it and exits 0', () => {
  it.each([[[]], [['--help']], [['start', '--help']]])('help: %j', async (args) => {
    const result = await project.run(['agent.js', ...args]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('Usage: node agent.js');
  });

  it('version', async () => {
    const result = await project.run(['agent.js', '--version']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('with exit code 1 and nothing on standard output it ends', () => {
  it('for a flag that does not exist', async () => {
    expect(await project.run(['agent.js', 'start', '--prot', '80'])).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr:
        'There is no flag --prot. Did you mean --port?\n"node agent.js --help" shows every command and flag.\n',
    });
  });

  it.each(['start', 'connect --room r'])('without credentials: %s', async (line) => {
    const result = await project.run(['agent.js', ...line.split(' ')], { LIVEKIT_API_KEY: 'key' });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toBe(
      [
        'Error GR_CREDENTIALS_MISSING: LIVEKIT_URL and LIVEKIT_API_SECRET are missing:',
        '- set the environment variable LIVEKIT_URL, or run with --url, or pass wsURL in the options.',
        '- set the environment variable LIVEKIT_API_SECRET, or run with --api-secret, or pass apiSecret in the options.',
        '',
      ].join('\n'),
    );
  });

  it('for options that are wrong, all at once', async () => {
    const args = ['agent.js', 'start', '--max-jobs', '0', '--port', '70000'];
    const result = await project.run(args, serverEnv('ws://127.0.0.1:9'));
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(/^Error GR_OPTION_INVALID: 2 options are not valid:\n/);
    expect(result.stderr).toContain('- maxJobs (command line): received 0 (number)');
    expect(result.stderr).toContain('- port (command line): received 70000 (number)');
  });

  it('for an agent file that is not there', async () => {
    project.write('main.js', `import { cli } from 'greenroom'; cli.runApp({ agent: 'no.js' });`);
    const result = await project.run(['main.js', 'start'], serverEnv('ws://127.0.0.1:9'));
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`GR_AGENT_NOT_FOUND: The agent file ${project.path('no.js')}`);
  });
});

describe('with exit code 1 and a message it ends', () => {
  it('when the server refuses it', async () => {
    const server = await startSignalServer((_request, response) => {
      response.writeHead(401).end('invalid API key: key');
    });
    const args = ['agent.js', 'start', '--port', 'none'];
    const result = await project.run(args, serverEnv(server.url));
    await server.close();
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^Error GR_REGISTRATION_REFUSED: .*401/);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  it('when its port is taken', async () => {
    const other = createServer().listen(0, '0.0.0.0');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const args = ['agent.js', 'start', '--port', String(port)];
    const result = await project.run(args, serverEnv('ws://127.0.0.1:9'));
    other.close();
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(new RegExp(`^Error GR_HTTP_PORT: .*port ${port}`));
  });

  it.each([
    ['has no default export', 'export const x = 1;', 'GR_AGENT_INVALID', 'has no default export'],
    ['has a syntax error', 'const a = ;\n', 'GR_AGENT_LOAD_FAILED', 'broken.js:1'],
    ['throws while it loads', '\nthrow new Error("no key");', 'GR_AGENT_LOAD_FAILED', 'no key'],
  ])('when the agent file %s', async (_name, source, code, words) => {
    const { access } = await Dispatcher.start();
    project.write('broken.js', source);
    project.write(
      'main.js',
      `import { cli } from 'greenroom'; cli.runApp({ agent: 'broken.js', port: null });`,
    );
    const result = await project.run(['main.js', 'start'], serverEnv(access.url));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(new RegExp(`^Error ${code}: `));
    expect(result.stderr).toContain(words);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  it('with the stack when the log is asked for in detail', async () => {
    const { access } = await Dispatcher.start();
    project.write('broken.js', 'throw new Error("no key");');
    project.write(
      'main.js',
      `import { cli } from 'greenroom'; cli.runApp({ agent: 'broken.js', port: null });`,
    );
    const args = ['main.js', 'start', '--log-level', 'debug'];
    const result = await project.run(args, serverEnv(access.url));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('no key');
    expect(result.stderr).toMatch(/^ +at .*broken\.js:1/m);
  });
});

describe('the greenroom binary', () => {
  const start = [binary, 'start', 'agent.js', '--port', 'none'];

  it.each(['start', 'dev', 'connect'])('names a file that is not there: %s', async (command) => {
    const room = command === 'connect' ? ['--room', 'r'] : [];
    const result = await project.run([binary, command, 'no.js', ...room]);
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      `Error GR_AGENT_NOT_FOUND: There is no agent file at ${project.path('no.js')}.\n`,
    );
  });

  it('says where the error of a file is', async () => {
    project.write('agent.js', '\nconst a = ;\n');
    const result = await project.run(start);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(`(${project.path('agent.js')}:2)`);
  });

  it('refuses a second cli.runApp()', async () => {
    project.write('agent.js', `${agentSource(waits)}cli.runApp({ agent: import.meta.url });`);
    const result = await project.run(start);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('it was called twice');
  });
});
