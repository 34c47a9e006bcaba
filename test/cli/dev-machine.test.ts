/** The supervisor of `dev` as a statechart: the workers and the files are played by the test. */
import { afterAll, describe, expect, it } from 'vitest';
import { createActor, type EventObject, fromCallback } from 'xstate';
import { devMachine } from '../../src/cli/dev.machine.ts';
import type {
  DevEvent,
  DevFact,
  FilesEvent,
  GenerationCommand,
  GenerationInput,
  GenerationReport,
} from '../../src/cli/dev.types.ts';
import { createCoverage } from '../../src/testing/model/coverage.ts';
import { selfCheck } from '../machines/self-check.ts';

const coverage = createCoverage(devMachine);

afterAll(() => {
  expect(coverage.missing()).toEqual({ states: [], transitions: [] });
});

interface FakeWorker {
  id: string;
  isBeside: boolean;
  told: string[];
  reports(report: GenerationReport): void;
}

function supervise(onFiles?: () => void) {
  const workers: FakeWorker[] = [];
  const facts: DevFact[] = [];
  let files: (event: FilesEvent) => void = () => {};
  const actor = createActor(
    devMachine.provide({
      actors: {
        watchFiles: fromCallback<EventObject>(({ sendBack }) => {
          files = sendBack;
          onFiles?.();
        }),
        generation: fromCallback<GenerationCommand, GenerationInput>(
          ({ input: { generation: id, isBeside }, receive, sendBack }) => {
            const told: string[] = [];
            workers.push({ id, isBeside, told, reports: sendBack });
            receive(({ type }) => told.push(type.replace('generation.', '')));
          },
        ),
      },
    }),
    { inspect: coverage.inspect },
  );
  actor.on('*', (fact) => facts.push(fact));
  actor.start();
  return {
    workers,
    facts,
    state: () => actor.getSnapshot().value,
    output: () => actor.getSnapshot().output,
    alive: () => Object.keys(actor.getSnapshot().context.generations),
    send: (event: DevEvent) => actor.send(event),
    files: (event: FilesEvent) => files(event),
    save: (...names: string[]) => files({ type: 'files.changed', files: names }),
    ready: (index: number) =>
      workers[index]!.reports({ type: 'generation.ready', generation: workers[index]!.id }),
    fails: (index: number, code = 'GR_AGENT_LOAD_FAILED') =>
      workers[index]!.reports({
        type: 'generation.failed',
        generation: workers[index]!.id,
        failure: { code, message: 'why' },
      }),
    exits: (index: number, code = 0) =>
      workers[index]!.reports({
        type: 'generation.exited',
        generation: workers[index]!.id,
        code,
        signal: null,
      }),
  };
}

const failure = { code: 'GR_AGENT_LOAD_FAILED', message: 'why' };

it('passes the self-check of machines', () => {
  expect(selfCheck(devMachine)).toEqual([]);
});

describe('the first worker', () => {
  it('starts alone and serves', () => {
    const dev = supervise();
    expect(dev.state()).toBe('starting');
    expect(dev.workers).toMatchObject([{ id: 'generation.1', isBeside: false }]);
    dev.ready(0);
    expect(dev.state()).toBe('serving');
    expect(dev.facts).toEqual([{ type: 'dev.serving', isFirst: true, isReload: false }]);
  });

  it('that does not work is waited for', () => {
    const dev = supervise();
    dev.fails(0);
    dev.exits(0, 1);
    expect(dev.state()).toBe('waiting');
    expect(dev.facts).toEqual([{ type: 'dev.waiting', failure, code: 1, signal: null }]);
    dev.save('agent.js');
    expect(dev.workers[1]).toMatchObject({ id: 'generation.1', isBeside: false });
    dev.ready(1);
    expect(dev.state()).toBe('serving');
  });

  it.each(['GR_CREDENTIALS_MISSING', 'GR_OPTION_INVALID', 'GR_HTTP_PORT'])(
    'that fails with %s ends it all: no saved file would help',
    (code) => {
      const dev = supervise();
      dev.fails(0, code);
      dev.exits(0, 1);
      expect(dev.output()).toEqual({ outcome: 'failed' });
    },
  );
});

describe('a saved file', () => {
  it('starts the next worker, and the one before drains once that one is ready', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js', 'tool.js');
    expect(dev.state()).toBe('starting');
    expect(dev.workers[1]).toMatchObject({ id: 'generation.2', isBeside: true });
    expect(dev.workers[0]!.told).toEqual([]);
    dev.ready(1);
    expect(dev.state()).toBe('serving');
    expect(dev.workers[0]!.told).toEqual(['drain']);
    expect(dev.facts.slice(1)).toEqual([
      { type: 'dev.starting', files: ['agent.js', 'tool.js'] },
      { type: 'dev.serving', isFirst: false, isReload: true },
    ]);
    dev.exits(0);
    expect(dev.alive()).toEqual(['generation.2']);
    expect(dev.state()).toBe('serving');
  });

  it('that is broken leaves the one before serving', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.fails(1);
    dev.exits(1, 1);
    expect(dev.state()).toBe('serving');
    expect(dev.workers[0]!.told).toEqual([]);
    expect(dev.facts.at(-1)).toEqual({ type: 'dev.kept', failure });
    expect(dev.alive()).toEqual(['generation.1']);
  });

  it('with wrong options leaves the one before serving', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.fails(1, 'GR_OPTION_INVALID');
    dev.exits(1, 1);
    expect(dev.state()).toBe('serving');
  });

  it('while the next one starts: only the newest counts', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.save('agent.js');
    expect(dev.workers[1]!.told).toEqual(['close']);
    // What the superseded worker still says changes nothing.
    dev.ready(1);
    dev.fails(1);
    expect(dev.state()).toBe('starting');
    expect(dev.workers[0]!.told).toEqual([]);
    dev.exits(1);
    expect(dev.state()).toBe('starting');
    dev.ready(2);
    expect(dev.workers[0]!.told).toEqual(['drain']);
    expect(dev.alive()).toEqual(['generation.1', 'generation.3']);
  });

  it('reuses ids, since every id is a type of event for ever', () => {
    const dev = supervise();
    dev.ready(0);
    for (let index = 1; index < 6; index += 1) {
      dev.save('agent.js');
      dev.ready(index);
      dev.exits(index - 1);
    }
    expect(dev.workers.map(({ id }) => id)).toEqual([
      'generation.1',
      'generation.2',
      'generation.1',
      'generation.2',
      'generation.1',
      'generation.2',
    ]);
  });
});

describe('a worker that crashes', () => {
  it('while it serves is not started again before a file is saved', () => {
    const dev = supervise();
    dev.ready(0);
    dev.fails(0);
    dev.exits(0, 1);
    expect(dev.state()).toBe('waiting');
    expect(dev.workers).toHaveLength(1);
    dev.save('agent.js');
    expect(dev.workers).toHaveLength(2);
  });

  it('while it drains concerns nobody', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.ready(1);
    dev.fails(0);
    dev.exits(0, 1);
    expect(dev.state()).toBe('serving');
    expect(dev.facts.at(-1)).toMatchObject({ type: 'dev.serving' });
  });

  it('while the next one starts leaves nothing to go back to', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.exits(0, 1);
    expect(dev.state()).toBe('starting');
    dev.exits(1, 1);
    expect(dev.state()).toBe('waiting');
  });
});

describe('a signal', () => {
  it('closes every worker, also those that drain and the one that starts', () => {
    const dev = supervise();
    dev.ready(0);
    dev.save('agent.js');
    dev.ready(1);
    dev.save('agent.js');
    dev.send({ type: 'dev.end', signal: 'SIGINT' });
    expect(dev.state()).toBe('closing');
    expect(dev.workers.map(({ told }) => told)).toEqual([['drain', 'close'], ['close'], ['close']]);
    expect(dev.facts.at(-1)).toEqual({
      type: 'dev.closing',
      signal: 'SIGINT',
      step: 'close',
      workers: 3,
    });
    for (const index of [2, 0]) dev.exits(index);
    expect(dev.output()).toBeUndefined();
    dev.exits(1);
    expect(dev.output()).toEqual({ outcome: 'ended', signal: 'SIGINT' });
  });

  it('kills when it comes again, and the first one tells the exit code', () => {
    const dev = supervise();
    dev.ready(0);
    dev.send({ type: 'dev.end', signal: 'SIGTERM' });
    dev.send({ type: 'dev.end', signal: 'SIGINT' });
    expect(dev.workers[0]!.told).toEqual(['close', 'kill']);
    expect(dev.facts.at(-1)).toMatchObject({ step: 'kill' });
    dev.exits(0, 1);
    expect(dev.output()).toEqual({ outcome: 'ended', signal: 'SIGTERM' });
  });

  it('ends at once what waits', () => {
    const dev = supervise();
    dev.exits(0, 1);
    dev.send({ type: 'dev.end', signal: 'SIGHUP' });
    expect(dev.output()).toEqual({ outcome: 'ended', signal: 'SIGHUP' });
  });

  it('is stronger than a file that is saved after it', () => {
    const dev = supervise();
    dev.ready(0);
    dev.send({ type: 'dev.end', signal: 'SIGINT' });
    dev.save('agent.js');
    expect(dev.workers).toHaveLength(1);
  });
});

describe('files that cannot be watched', () => {
  it('are told of', () => {
    const dev = supervise();
    dev.files({ type: 'files.failed', message: 'too many' });
    expect(dev.facts).toEqual([{ type: 'dev.unwatched', message: 'too many' }]);
  });

  it('leave the worker running, whatever the watcher throws', () => {
    const dev = supervise(() => {
      throw new Error('no inotify');
    });
    dev.ready(0);
    expect(dev.state()).toBe('serving');
    expect(dev.facts).toContainEqual({ type: 'dev.unwatched', message: 'Error: no inotify' });
  });
});
