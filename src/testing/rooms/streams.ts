/** Text and byte streams of one participant, in both directions. */
import { randomUUID } from 'node:crypto';
import type {
  ByteStreamHandler,
  ByteStreamInfo,
  ByteStreamReader,
  ByteStreamWriter,
  TextStreamHandler,
  TextStreamInfo,
  TextStreamReader,
  TextStreamWriter,
} from '@livekit/rtc-node';
import { decodeBytes, encodeBytes, type Packet, type StreamFacts } from './messages.ts';

type StreamPacket = Extract<Packet, { type: `stream.${string}` }>;

interface Incoming {
  from: string;
  stream: StreamFacts;
  controller: ReadableStreamDefaultController<unknown>;
}

/** How a stream is opened. */
export interface OpenOptions {
  topic?: string;
  attributes?: Record<string, string>;
  destinationIdentities?: string[];
  streamId?: string;
  name?: string;
  mimeType?: string;
  totalSize?: number;
}

/** The streams that come in. One without a handler for its topic is ignored, as it is in rtc-node. */
export class IncomingStreams {
  readonly text = new Map<string, TextStreamHandler>();
  readonly bytes = new Map<string, ByteStreamHandler>();
  readonly #open = new Map<string, Incoming>();

  receive(from: string, packet: StreamPacket): void {
    switch (packet.type) {
      case 'stream.opened':
        this.#opened(from, packet.stream);
        return;
      case 'stream.chunk': {
        const incoming = this.#open.get(packet.streamId);
        incoming?.controller.enqueue(
          incoming.stream.kind === 'text' ? packet.content : decodeBytes(packet.content),
        );
        return;
      }
      case 'stream.closed':
        this.#open.get(packet.streamId)?.controller.close();
        this.#open.delete(packet.streamId);
    }
  }

  /** What has not ended will not: of one participant, or of all. */
  gone(identity: string | null): void {
    for (const [id, { from, controller }] of this.#open) {
      if (identity !== null && from !== identity) continue;
      this.#open.delete(id);
      controller.error(new Error('Disconnected while receiving'));
    }
  }

  #opened(from: string, stream: StreamFacts): void {
    const { kind, topic, streamId } = stream;
    const handlers: Map<string, unknown> = this[kind];
    if (!handlers.has(topic)) return;
    const readable = new ReadableStream<unknown>({
      start: (controller) => void this.#open.set(streamId, { from, stream, controller }),
      cancel: () => void this.#open.delete(streamId),
    });
    const who = { identity: from };
    if (kind === 'text') this.text.get(topic)?.(textReader(stream, readable), who);
    else this.bytes.get(topic)?.(byteReader(stream, readable), who);
  }
}

async function collect(readable: ReadableStream<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

/** rtc-node's readers have private parts; these have what can be called. */
function readerOf(readable: ReadableStream<unknown>) {
  return {
    [Symbol.asyncIterator]: () => readable[Symbol.asyncIterator](),
    close: () => readable.cancel(),
  };
}

function textReader(info: StreamFacts, readable: ReadableStream<unknown>): TextStreamReader {
  const readAll = async (): Promise<string> => (await collect(readable)).join('');
  return { info: infoOf(info), readAll, ...readerOf(readable) } as unknown as TextStreamReader;
}

function byteReader(info: StreamFacts, readable: ReadableStream<unknown>): ByteStreamReader {
  const readAll = (): Promise<unknown[]> => collect(readable);
  return { info: infoOf(info), readAll, ...readerOf(readable) } as unknown as ByteStreamReader;
}

function infoOf({ kind: _kind, name, ...info }: StreamFacts): TextStreamInfo | ByteStreamInfo {
  return name === undefined ? info : { ...info, name };
}

type Send = (packet: Packet, to: string[]) => void;

/** Opens a text stream to others. */
export function openTextStream(send: Send, options: OpenOptions): TextStreamWriter {
  return open(send, 'text', options) as unknown as TextStreamWriter;
}

/** Opens a byte stream to others. */
export function openByteStream(send: Send, options: OpenOptions): ByteStreamWriter {
  return open(send, 'bytes', options) as unknown as ByteStreamWriter;
}

function open(send: Send, kind: StreamFacts['kind'], options: OpenOptions) {
  const { destinationIdentities: to = [], streamId = randomUUID(), topic = '' } = options;
  const { name, totalSize, attributes, mimeType } = options;
  const isText = kind === 'text';
  const stream: StreamFacts = {
    streamId,
    kind,
    topic,
    mimeType: mimeType ?? (isText ? 'text/plain' : 'application/octet-stream'),
    timestamp: Date.now(),
    ...(isText ? {} : { name: name ?? 'unknown' }),
    ...(totalSize !== undefined && { totalSize }),
    ...(attributes !== undefined && { attributes }),
  };
  send({ type: 'stream.opened', stream }, to);
  let isOpen = true;
  return {
    info: infoOf(stream),
    write: async (chunk: string | Uint8Array): Promise<void> => {
      if (!isOpen) throw new TypeError('The stream is closed.');
      const content = typeof chunk === 'string' ? chunk : encodeBytes(chunk);
      send({ type: 'stream.chunk', streamId, content }, to);
    },
    close: async (): Promise<void> => {
      if (isOpen) send({ type: 'stream.closed', streamId }, to);
      isOpen = false;
    },
  };
}
