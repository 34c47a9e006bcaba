/** The page of the protocol has every message, in states that exist, with the deadlines that the machines keep. */
import {
  ServerMessage as ProtobufServerMessage,
  WorkerMessage as Protobuf,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { jobMachine } from '../../machines/job/job.machine.ts';
import type { ServerMessage, WorkerMessage } from '../../machines/messages.ts';
import { registrationMachine } from '../../machines/registration/registration.machine.ts';
import { WorkerPermissions } from '../../src/permissions.ts';
import { decodeServerMessage } from '../../src/protocol/decode-server-message.ts';
import { encodeWorkerMessage } from '../../src/protocol/encode-worker-message.ts';
import { checkedOptions } from './checked-options.ts';
import { codeOf, readPage, sectionOf, tableRows } from './pages.ts';

const page = readPage('docs/reference/protocol.md');
const fromServer = tableRows(sectionOf(page, 'From the server'));
const toServer = tableRows(sectionOf(page, 'To the server'));
const machines: Record<string, AnyStateMachine> = {
  registration: registrationMachine,
  job: jobMachine,
};

/** Every message of the server that has a meaning, by its event. */
const received: Record<Exclude<ServerMessage['type'], 'server.unknown'>, object> = {
  'server.registered': { register: {} },
  'server.jobRequested': { availability: { job: { id: 'AJ_1' } } },
  'server.jobAssigned': { assignment: { job: { id: 'AJ_1' } } },
  'server.jobTerminated': { termination: {} },
  'server.ponged': { pong: {} },
};

const sent: { [Type in WorkerMessage['type']]: Extract<WorkerMessage, { type: Type }> } = {
  register: {
    type: 'register',
    jobType: 'room',
    agentName: '',
    deployment: '',
    version: '1',
    permissions: new WorkerPermissions(),
  },
  status: { type: 'status', status: 'full', load: 1, jobCount: 0 },
  answer: { type: 'answer', jobId: 'AJ_1', answer: { available: false, terminate: false } },
  jobStatus: { type: 'jobStatus', jobId: 'AJ_1', status: 'success', error: '' },
  ping: { type: 'ping' },
  migrateJobs: { type: 'migrateJobs', jobIds: ['AJ_1'] },
  simulateJob: { type: 'simulateJob', room: 'lobby', participantIdentity: null },
};

/** The state that a cell such as `job: [accepted → claimed](machines/job.md#…)` names. */
function stateOf(cell: string | undefined): AnyStateNode {
  const [, name = '', path = '', linked] =
    /^(\w+): \[([^\]]+)\]\(machines\/([a-z-]+)\.md#/.exec(cell ?? '') ?? [];
  expect(linked).toBe(name);
  const machine = machines[name];
  if (machine === undefined) throw new Error(`No machine is named in ${String(cell)}.`);
  return path.split(' → ').reduce<AnyStateNode>((state, key) => {
    const child = state.states[key];
    if (child === undefined) throw new Error(`${name} has no state ${path}.`);
    return child;
  }, machine.root);
}

describe('messages from the server', () => {
  it('are all there', () => {
    expect(fromServer.map(([, event]) => codeOf(event))).toEqual(Object.keys(received));
  });

  it.each(fromServer)('%s is %s, handled in %s', (message, event, state) => {
    const type = codeOf(event) as keyof typeof received;
    const protobuf = ProtobufServerMessage.fromJsonString(JSON.stringify(received[type]));
    expect(protobuf.message.value?.getType().typeName).toBe(codeOf(message));
    expect(decodeServerMessage(protobuf.toBinary()).type).toBe(type);
    expect(stateOf(state).ownEvents).toContain(type);
  });
});

describe('messages to the server', () => {
  it('are all there', () => {
    const names = toServer.map(([, name]) => codeOf(name));
    expect(names.toSorted()).toEqual(Object.keys(sent).toSorted());
  });

  it.each(toServer)('%s is %s, sent in %s', (message, name, state) => {
    const frame = encodeWorkerMessage(sent[codeOf(name) as WorkerMessage['type']], 0);
    const { value } = Protobuf.fromBinary(frame).message;
    expect(value?.getType().typeName).toBe(codeOf(message));
    expect(stateOf(state).path.length).toBeGreaterThan(0);
  });
});

it('each deadline is that of a machine, or the default of an option', () => {
  const delays: Record<string, unknown> = {
    ...checkedOptions(),
    ...registrationMachine.implementations.delays,
  };
  const named = [...page.matchAll(/(\d+) s \(`(\w+)`\)/g)];
  expect(named.length).toBe(5);
  for (const [text, seconds, name = ''] of named) {
    expect(delays[name], text).toBe(Number(seconds) * 1000);
  }
});

it('has the rules R1 to R18', () => {
  const rules = tableRows(sectionOf(page, 'Rules')).map(([rule]) => rule);
  expect(rules).toEqual(Array.from({ length: 18 }, (_, index) => `R${index + 1}`));
});
