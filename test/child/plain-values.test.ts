import { ConnectionState, DisconnectReason, ParticipantKind, TrackKind } from '@livekit/rtc-node';
import {
  DataTrackFrameEncoding,
  DataTrackFrameEncoding_WellKnownFrameEncoding,
  DataTrackInfo,
  DataTrackSchemaEncoding,
  DataTrackSchemaId,
  Job,
  JobState,
  ParticipantInfo,
  Room,
  TimedVersion,
  TrackInfo,
} from '@livekit/protocol';
import { describe, expect, it } from 'vitest';
import { disconnectCause } from '../../src/child/disconnect-reasons.ts';
import { plainJob } from '../../src/child/plain-job.ts';
import { agentKinds, audioKind, connectedState, videoKind } from '../../src/child/rtc.ts';
import { readTokenClaims } from '../../src/child/token-claims.ts';
import { jobFromProtobuf } from '../../src/protocol/job.ts';

/** Every field that differs between JSON and a plain message. */
const job = new Job({
  id: 'AJ_1',
  attributes: { startedAt: '12', color: 'green' },
  state: new JobState({ startedAt: 1n, endedAt: 2n, updatedAt: 9_007_199_254_740_993n }),
  room: new Room({
    sid: 'RM_1',
    creationTime: 3n,
    creationTimeMs: 4n,
    version: new TimedVersion({ unixMicro: 5n, ticks: 6 }),
  }),
  participant: new ParticipantInfo({
    sid: 'PA_1',
    joinedAt: 7n,
    joinedAtMs: 8n,
    attributes: { joinedAt: '13' },
    tracks: [new TrackInfo({ sid: 'TR_1', version: new TimedVersion({ unixMicro: 10n }) })],
    dataTracks: [
      new DataTrackInfo({
        frameEncoding: new DataTrackFrameEncoding({ value: { case: 'custom', value: 'cbor' } }),
        schema: new DataTrackSchemaId({ encoding: new DataTrackSchemaEncoding() }),
      }),
      new DataTrackInfo({
        frameEncoding: new DataTrackFrameEncoding({
          value: {
            case: 'wellKnown',
            value: DataTrackFrameEncoding_WellKnownFrameEncoding.JSON,
          },
        }),
      }),
    ],
  }),
});

describe('the job of a job process', () => {
  it('has exactly the fields of the protobuf message', () => {
    const overTheLink = JSON.parse(JSON.stringify(jobFromProtobuf(job))) as never;
    expect(plainJob(overTheLink)).toEqual(withoutMethods(job));
  });

  it('has no 64-bit field that was forgotten', () => {
    const overTheLink = JSON.parse(JSON.stringify(jobFromProtobuf(job))) as never;
    const plain = plainJob(overTheLink) as unknown as Record<string, unknown>;
    expect(int64Fields(Job).filter((path) => !reach(plain, path).every(isBigInt))).toEqual([]);
    expect(int64Fields(Job).length).toBeGreaterThan(7);
  });

  it('is left alone where it comes from', () => {
    const json = jobFromProtobuf(job);
    const before = structuredClone(json);
    plainJob(json);
    expect(json).toEqual(before);
  });
});

describe('numbers of LiveKit that are written down here', () => {
  it('are those of rtc-node', () => {
    expect(agentKinds).toEqual(new Set([ParticipantKind.AGENT]));
    expect(audioKind).toBe(TrackKind.KIND_AUDIO);
    expect(videoKind).toBe(TrackKind.KIND_VIDEO);
    expect(connectedState).toBe(ConnectionState.CONN_CONNECTED);
    for (const [name, number] of Object.entries(DisconnectReason)) {
      if (typeof number === 'number') expect(disconnectCause(number).detail).toBe(name);
    }
  });

  it('know the reasons that matter', () => {
    const Reason = DisconnectReason;
    const cases: [number, string][] = [
      [Reason.ROOM_CLOSED, 'room-closed'],
      [Reason.ROOM_DELETED, 'room-deleted'],
      [Reason.PARTICIPANT_REMOVED, 'participant-removed'],
      [Reason.DUPLICATE_IDENTITY, 'duplicate-identity'],
      [Reason.CLIENT_INITIATED, 'agent-ended'],
      [Reason.SERVER_SHUTDOWN, 'connection-lost'],
      [Reason.UNKNOWN_REASON, 'connection-lost'],
    ];
    for (const [number, reason] of cases) expect(disconnectCause(number).reason).toBe(reason);
    expect(disconnectCause(99)).toEqual({
      reason: 'connection-lost',
      detail: 'DisconnectReason 99',
    });
  });
});

describe('the claims of the room token', () => {
  it('are read without a check', () => {
    const claims = { sub: 'agent-AJ_1', name: 'Jörg', video: { room: 'lobby' } };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(readTokenClaims(`head.${payload}.signature`)).toEqual(claims);
  });
});

interface MessageType {
  fields: { list(): readonly Field[] };
}
type Field = { localName: string; kind: string; T?: unknown };

/** Paths of all 64-bit integers below a message. */
function int64Fields(type: MessageType, path: string[] = []): string[] {
  return type.fields.list().flatMap((field) => {
    const here = [...path, field.localName];
    if (field.kind === 'message') return int64Fields(field.T as MessageType, here);
    const isInt64 = field.kind === 'scalar' && [3, 4, 6, 16, 18].includes(field.T as number);
    return isInt64 ? [here.join('.')] : [];
  });
}

function reach(value: unknown, path: string): unknown[] {
  return path
    .split('.')
    .reduce<unknown[]>(
      (values, key) =>
        values.flatMap((inner) => (inner as Record<string, unknown[]>)[key] as unknown[]),
      [value],
    )
    .filter((inner) => inner !== undefined);
}

const isBigInt = (value: unknown) => typeof value === 'bigint';

function withoutMethods(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMethods);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutMethods(inner)]),
  );
}
