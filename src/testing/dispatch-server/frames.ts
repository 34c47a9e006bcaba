/** Frames of `/agent`: binary ones are protobuf, text ones its JSON. */
import { ServerMessage, WorkerMessage } from '@livekit/protocol';

/** A message of the worker; its content is never missing. */
export type WorkerContent = Exclude<WorkerMessage['message'], { case: undefined }>;

/** What the server says. */
export type ServerContent = Exclude<ServerMessage['message'], { case: undefined }>;

/** Decodes a frame; `null` for one that a real server does not understand either. */
export function decodeFrame(data: Uint8Array, isBinary: boolean): WorkerContent | null {
  try {
    const { message } = isBinary
      ? WorkerMessage.fromBinary(data)
      : WorkerMessage.fromJsonString(Buffer.from(data).toString(), { ignoreUnknownFields: true });
    return message.case === undefined ? null : message;
  } catch {
    return null;
  }
}

/** Encodes a message as the worker's last frame was encoded. */
export function encodeFrame(content: ServerContent, isJson: boolean): Uint8Array | string {
  const message = new ServerMessage({ message: content });
  return isJson ? message.toJsonString() : message.toBinary();
}
