/** The job as the agent sees it: the fields of LiveKit's `Job` without the protobuf library, which takes 45 ms to load. */
import type { Job } from '@livekit/protocol';
import type { Job as JsonJob } from '../../machines/messages.ts';

/** A protobuf message without its methods. */
type Plain<T> = T extends bigint | string | number | boolean | Uint8Array | undefined
  ? T
  : T extends (infer Item)[]
    ? Plain<Item>[]
    : {
        [Key in keyof T as T[Key] extends (...args: never[]) => unknown ? never : Key]: Plain<
          T[Key]
        >;
      };

/** LiveKit's `Job` as a plain object. */
export type PlainJob = Plain<Job>;

/** Where JSON and a plain message differ: 64-bit integers are texts in JSON, and a oneof is spread. */
interface Shape {
  int64?: string[];
  oneof?: { name: string; cases: string[] };
  messages?: Record<string, Shape>;
}

const encoding: Shape = { oneof: { name: 'value', cases: ['wellKnown', 'custom'] } };
const version: Shape = { int64: ['unixMicro'] };
const shape: Shape = {
  messages: {
    room: { int64: ['creationTime', 'creationTimeMs'], messages: { version } },
    participant: {
      int64: ['joinedAt', 'joinedAtMs'],
      messages: {
        tracks: { messages: { version } },
        dataTracks: {
          messages: { frameEncoding: encoding, schema: { messages: { encoding } } },
        },
      },
    },
    state: { int64: ['startedAt', 'endedAt', 'updatedAt'] },
  },
};

/** The plain job for a job in JSON. The TURN password of the room is not sent to job processes: it is empty. */
export function plainJob(job: JsonJob): PlainJob {
  const plain = revive(structuredClone(job), shape) as PlainJob;
  if (plain.room !== undefined) plain.room.turnPassword = '';
  return plain;
}

function revive(message: Record<string, unknown>, { int64, oneof, messages }: Shape): unknown {
  for (const key of int64 ?? []) {
    if (typeof message[key] === 'string') message[key] = BigInt(message[key]);
  }
  if (oneof !== undefined) gather(message, oneof.name, oneof.cases);
  for (const [key, inner] of Object.entries(messages ?? {})) {
    const value = message[key];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isRecord(item)) revive(item, inner);
    }
  }
  return message;
}

function gather(message: Record<string, unknown>, name: string, cases: string[]): void {
  const found = cases.find((key) => message[key] !== undefined);
  message[name] =
    found === undefined ? { case: undefined } : { case: found, value: message[found] };
  if (found !== undefined) delete message[found];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
