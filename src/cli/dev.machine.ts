import { assign, emit, enqueueActions, setup, type EventObject } from 'xstate';
import { unprovidedCallback } from '../../machines/unprovided.ts';
import type { FailureShape } from '../errors.ts';
import type {
  DevContext,
  DevEvent,
  DevFact,
  DevOutput,
  GenerationCommand,
  GenerationInput,
} from './dev.types.ts';
import type { EndSignal } from './signals.ts';

type Exit = Extract<DevEvent, { type: 'generation.exited' }>;

/** Failures that no change of the agent's files repairs. */
const outerCauses: readonly string[] = [
  'GR_OPTION_INVALID',
  'GR_CREDENTIALS_MISSING',
  'GR_AGENT_NOT_FOUND',
  'GR_HTTP_PORT',
  'GR_REGISTRATION_REFUSED',
  'GR_REGISTRATION_EXHAUSTED',
  'GR_PLATFORM',
];

const dev = setup({
  types: {
    context: {} as DevContext,
    events: {} as DevEvent,
    output: {} as DevOutput,
    emitted: {} as DevFact,
  },
  actors: {
    watchFiles: unprovidedCallback<EventObject>('devMachine', 'watchFiles'),
    generation: unprovidedCallback<GenerationCommand, GenerationInput>('devMachine', 'generation'),
  },
  guards: {
    isCandidate: ({ context }, params: { generation: string }) =>
      params.generation === context.candidate,
    isCurrent: ({ context }, params: { generation: string }) =>
      params.generation === context.current,
    hasCurrent: ({ context }) => context.current !== null,
    hasNone: ({ context }) => Object.keys(context.generations).length === 0,
    isHopeless: ({ context }) =>
      !context.hasServed && outerCauses.includes(context.failure?.code ?? ''),
  },
  actions: {
    emitStarting: emit((_, params: { files: string[] }) => ({
      type: 'dev.starting',
      files: params.files,
    })),
    emitServing: emit(({ context }) => ({
      type: 'dev.serving',
      isFirst: !context.hasServed,
      isReload: context.current !== null,
    })),
    emitKept: emit(({ context }) => ({ type: 'dev.kept', failure: context.failure })),
    emitWaiting: emit(({ context }) => ({
      type: 'dev.waiting',
      failure: context.failure,
      ...context.exit,
    })),
    emitUnwatched: emit((_, params: { message: string }) => ({
      type: 'dev.unwatched',
      message: params.message,
    })),
    emitClosing: emit(({ context }, params: { signal: EndSignal; step: 'close' | 'kill' }) => ({
      type: 'dev.closing',
      ...params,
      workers: Object.keys(context.generations).length,
    })),
    noteFailure: assign((_, params: { failure: FailureShape }) => params),
    noteSignal: assign((_, params: { signal: EndSignal }) => params),
    closeCandidate: enqueueActions(({ context, enqueue }) => {
      if (context.candidate !== null)
        enqueue.sendTo(context.candidate, { type: 'generation.close' });
      enqueue.assign({ candidate: null });
    }),
    promote: enqueueActions(({ context, enqueue }) => {
      if (context.current !== null) enqueue.sendTo(context.current, { type: 'generation.drain' });
      enqueue.assign({ current: context.candidate, candidate: null, hasServed: true });
    }),
    tellAll: enqueueActions(({ context, enqueue }, params: { command: GenerationCommand }) => {
      for (const id of Object.keys(context.generations)) enqueue.sendTo(id, params.command);
    }),
    forget: enqueueActions(({ context, enqueue }, { generation, code, signal }: Exit) => {
      const { [generation]: _gone, ...generations } = context.generations;
      const { candidate, current } = context;
      enqueue.assign({
        generations,
        candidate: candidate === generation ? null : candidate,
        current: current === generation ? null : current,
        exit: { code, signal },
      });
      enqueue.stopChild(generation);
    }),
  },
});

/** The ids are pooled, the lowest free one first, so that event types stay few. */
function freeId(generations: DevContext['generations']): string {
  let index = 1;
  while (`generation.${index}` in generations) index += 1;
  return `generation.${index}`;
}

/** The supervisor of `dev`: starts a worker for each change, lets the one before drain, and leaves nothing behind. */
export const devMachine = dev
  .extend({
    actions: {
      startCandidate: dev.assign(({ context, spawn }) => {
        const id = freeId(context.generations);
        const isBeside = Object.keys(context.generations).length > 0;
        const ref = spawn('generation', { id, input: { generation: id, isBeside } });
        const generations = { ...context.generations, [id]: ref };
        return { generations, candidate: id, failure: null };
      }),
    },
  })
  .createMachine({
    id: 'dev',
    description: 'Runs a worker while its author develops, and the next one when a file is saved.',
    context: {
      generations: {},
      candidate: null,
      current: null,
      hasServed: false,
      failure: null,
      exit: { code: null, signal: null },
      signal: null,
    },
    output: ({ context: { signal } }) =>
      signal === null ? { outcome: 'failed' } : { outcome: 'ended', signal },
    invoke: {
      id: 'files',
      src: 'watchFiles',
      onError: {
        description: 'Goes on without restarts.',
        actions: {
          type: 'emitUnwatched',
          params: ({ event }) => ({ message: String(event.error) }),
        },
      },
    },
    on: {
      'files.failed': {
        actions: { type: 'emitUnwatched', params: ({ event }) => event },
      },
      'generation.exited': {
        description: 'A worker that was replaced has ended.',
        actions: { type: 'forget', params: ({ event }) => event },
      },
      'dev.end': {
        target: '.closing',
        actions: [
          { type: 'noteSignal', params: ({ event }) => ({ signal: event.signal }) },
          {
            type: 'emitClosing',
            params: ({ event }) => ({ signal: event.signal, step: 'close' }),
          },
        ],
      },
    },
    initial: 'starting',
    states: {
      starting: {
        description:
          'The newest code starts; the worker before, if there is one, still takes jobs.',
        entry: 'startCandidate',
        on: {
          'files.changed': {
            description: 'Newer code still: only the newest counts.',
            target: 'starting',
            reenter: true,
            actions: [
              'closeCandidate',
              { type: 'emitStarting', params: ({ event }) => ({ files: event.files }) },
            ],
          },
          'generation.ready': {
            description: 'It takes jobs now: the one before drains.',
            guard: { type: 'isCandidate', params: ({ event }) => event },
            target: 'serving',
            actions: ['emitServing', 'promote'],
          },
          'generation.failed': {
            guard: { type: 'isCandidate', params: ({ event }) => event },
            actions: { type: 'noteFailure', params: ({ event }) => ({ failure: event.failure }) },
          },
          'generation.exited': [
            {
              guard: { type: 'isCandidate', params: ({ event }) => event },
              target: 'broken',
              actions: { type: 'forget', params: ({ event }) => event },
            },
            { actions: { type: 'forget', params: ({ event }) => event } },
          ],
        },
      },
      broken: {
        description: 'The newest code does not work.',
        always: [
          {
            description: 'Nor would another try: wrong options, no credentials, a taken port.',
            guard: 'isHopeless',
            target: 'closing',
          },
          { guard: 'hasCurrent', target: 'serving', actions: 'emitKept' },
          { target: 'waiting', actions: 'emitWaiting' },
        ],
      },
      serving: {
        description: 'One worker takes jobs; others may drain.',
        on: {
          'files.changed': {
            target: 'starting',
            actions: { type: 'emitStarting', params: ({ event }) => ({ files: event.files }) },
          },
          'generation.failed': {
            guard: { type: 'isCurrent', params: ({ event }) => event },
            actions: { type: 'noteFailure', params: ({ event }) => ({ failure: event.failure }) },
          },
          'generation.exited': [
            {
              description: 'It crashed. Starting it again would most likely be a loop.',
              guard: { type: 'isCurrent', params: ({ event }) => event },
              target: 'waiting',
              actions: [{ type: 'forget', params: ({ event }) => event }, 'emitWaiting'],
            },
            { actions: { type: 'forget', params: ({ event }) => event } },
          ],
        },
      },
      waiting: {
        description: 'No worker takes jobs; the next change of a file starts one.',
        on: {
          'files.changed': {
            target: 'starting',
            actions: { type: 'emitStarting', params: ({ event }) => ({ files: event.files }) },
          },
        },
      },
      closing: {
        description: 'Every worker ends its sessions, those that drain too.',
        entry: { type: 'tellAll', params: { command: { type: 'generation.close' } } },
        always: { guard: 'hasNone', target: 'closed' },
        on: {
          'dev.end': {
            description: 'Not in order any more: now.',
            actions: [
              {
                type: 'emitClosing',
                params: ({ event }) => ({ signal: event.signal, step: 'kill' }),
              },
              { type: 'tellAll', params: { command: { type: 'generation.kill' } } },
            ],
          },
        },
      },
      closed: { description: 'Nothing is left.', type: 'final' },
    },
  });
