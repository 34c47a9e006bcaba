/** `dev --embedded`: a server without media and a caller, in the supervisor; real workers and job processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { parseLogLine } from '../support/program.mjs';
import { Recorder } from '../support/recorder.mjs';
import type { LogLine } from '../support/worker-program.ts';
import { binary, Project } from './project.ts';

const agent = (greeting: string) => `import { cli, defineAgent } from 'greenroom';
export default defineAgent({
  entry: async (ctx) => {
    const say = (text, topic) => ctx.agent.publishData(new TextEncoder().encode(text), { topic });
    ctx.room.on('dataReceived', (payload, from, kind, topic) =>
      say(new TextDecoder().decode(payload) + '!', topic));
    await ctx.connect();
    const caller = await ctx.waitForParticipant();
    await say('${greeting}, ' + caller.identity, 'greeting');
  },
});
cli.runApp({ agent: import.meta.url, agentName: 'greeter', wsURL: 'ws://127.0.0.1:1' });
`;

/** Starts `dev` with a standard input; `said` gives the next line of its log with that event. */
function develop(args: string[]) {
  const child = spawn(process.execPath, args, {
    cwd: project.directory,
    env: project.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const log = new Recorder<LogLine>((lines) => lines.map(({ msg }) => msg).join('\n'));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLogLine(text);
    if (line !== null) log.add(line);
  });
  let from = 0;
  const said = async (event: string): Promise<LogLine> => {
    const line = await log.waitFor(event, (each) => each.event === event, { from });
    from = log.items.indexOf(line) + 1;
    return line;
  };
  return { child, said };
}

let project: Project;

afterEach(async () => {
  expect(await project.left()).toBe('');
});

it.each([
  ['the agent file', ['agent.js', 'dev']],
  ['the greenroom command', [binary, 'dev', 'agent.js']],
])('%s: calls, hears, sends what is typed, and calls again after a save', async (_name, words) => {
  project = new Project({ 'agent.js': agent('hello') });
  const { child, said } = develop([...words, '--embedded', '--log-format', 'json']);
  const { msg } = await said('embedded.started');
  expect(msg).toMatch(
    /^simulated: a LiveKit server and a caller, without sound and video, at ws:\/\/127\.0\.0\.1:\d+\. /,
  );
  expect(msg).toContain('set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET');

  expect(await said('embedded.heard')).toMatchObject({
    room: 'call-1',
    topic: 'greeting',
    text: 'hello, caller',
    msg: expect.stringMatching(/^the caller hears agent-AJ_\w+ on "greeting": hello, caller$/),
  });
  child.stdin.write('question: what is new?\n');
  expect(await said('embedded.heard')).toMatchObject({ topic: 'question', text: 'what is new?!' });
  child.stdin.write('just so\n');
  expect(await said('embedded.heard')).toMatchObject({ topic: 'chat', text: 'just so!' });
  child.stdin.write('\n');
  expect(await said('embedded.heard')).toMatchObject({ room: 'call-2', text: 'hello, caller' });

  project.write('agent.js', agent('good evening'));
  expect(await said('embedded.heard')).toMatchObject({
    room: 'call-3',
    text: 'good evening, caller',
  });
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

it.each(['--url', '--api-key', '--api-secret'])('%s is refused beside it', async (flag) => {
  project = new Project({ 'agent.js': agent('hello') });
  const { code, stderr } = await project.run(['agent.js', 'dev', '--embedded', flag, 'x']);
  expect(code).toBe(1);
  expect(stderr).toContain(`--embedded brings its own server: leave out ${flag}, or --embedded.`);
});

it('belongs to dev', async () => {
  project = new Project({ 'agent.js': agent('hello') });
  const { stderr } = await project.run(['agent.js', 'start', '--embedded']);
  expect(stderr).toContain('--embedded is a flag of dev, not of start.');
});
