import type { ParticipantKind, RemoteParticipant, Room } from '@livekit/rtc-node';
import { WorkerError } from '../errors.ts';
import { agentKinds } from './rtc.ts';

/** Which participant to wait for, and how long. */
export interface WaitForParticipantOptions {
  /** @defaultValue anyone */
  identity?: string | undefined;
  /** @defaultValue every kind but agents */
  kind?: ParticipantKind | readonly ParticipantKind[] | undefined;
  /** @defaultValue until the session ends */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** True for participants of the wanted kinds; agents count only when they are asked for. */
export function isOfKind(
  participant: RemoteParticipant,
  kind: WaitForParticipantOptions['kind'],
): boolean {
  if (kind === undefined) return !agentKinds.has(participant.kind);
  return Array.isArray(kind) ? kind.includes(participant.kind) : participant.kind === kind;
}

/** A participant who is in the room or comes. `sessionSignal` is aborted when the session ends. */
export async function waitForParticipant(
  room: Room,
  options: WaitForParticipantOptions,
  sessionSignal: AbortSignal,
): Promise<RemoteParticipant> {
  const signals = options.signal ? [options.signal, sessionSignal] : [sessionSignal];
  for (const signal of signals) signal.throwIfAborted();
  if (!room.isConnected) {
    throw new WorkerError(
      'GR_ROOM_NOT_CONNECTED',
      'waitForParticipant() needs the room: await ctx.connect() before.',
    );
  }
  const matches = (participant: RemoteParticipant) =>
    (options.identity === undefined || participant.identity === options.identity) &&
    isOfKind(participant, options.kind);
  const here = [...room.remoteParticipants.values()].find((participant) => matches(participant));
  return here ?? arrival(room, matches, options, signals);
}

function arrival(
  room: Room,
  matches: (participant: RemoteParticipant) => boolean,
  options: WaitForParticipantOptions,
  signals: AbortSignal[],
): Promise<RemoteParticipant> {
  const wanted =
    options.identity === undefined ? 'a participant' : `the participant "${options.identity}"`;
  const { promise, resolve, reject } = deferred<RemoteParticipant>();
  const onJoined = (participant: RemoteParticipant) => {
    if (matches(participant)) resolve(participant);
  };
  const giveUp = (why: string) =>
    reject(new WorkerError('GR_PARTICIPANT_WAIT', `Waited for ${wanted}: ${why}.`));
  const onDisconnected = () => giveUp('the room disconnected');
  const onAborted = (event: Event) => reject((event.target as AbortSignal).reason as Error);
  const { timeoutMs } = options;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => giveUp(`none came within ${timeoutMs} ms`), timeoutMs);

  room.on('participantConnected', onJoined);
  room.on('disconnected', onDisconnected);
  for (const signal of signals) signal.addEventListener('abort', onAborted);
  return promise.finally(() => {
    clearTimeout(timer);
    room.off('participantConnected', onJoined);
    room.off('disconnected', onDisconnected);
    for (const signal of signals) signal.removeEventListener('abort', onAborted);
  });
}

function deferred<Result>() {
  let resolve!: (result: Result) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Result>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
