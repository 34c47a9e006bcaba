/** Oneself in a simulated room: the part of rtc-node's `LocalParticipant` that is not media. */
import { randomUUID } from 'node:crypto';
import type {
  BaseStreamInfo,
  ByteStreamWriter,
  ChatMessage,
  LocalParticipant,
  PerformRpcParams,
  RpcInterceptor,
  TextStreamWriter,
} from '@livekit/rtc-node';
import { rejectMedia } from './media.ts';
import {
  encodeBytes,
  type FromParticipant,
  type Packet,
  type ParticipantFacts,
} from './messages.ts';
import { SeenParticipant } from './participants.ts';
import type { RpcCalls, RpcHandler } from './rpc.ts';
import { type OpenOptions, openByteStream, openTextStream } from './streams.ts';

/** What rtc-node shows of oneself; what is private or internal there is missing here. */
type LocalShape = Omit<
  LocalParticipant,
  | 'ffi_handle'
  | 'info'
  | 'trackPublications'
  | 'disposeOpenStreamWriters'
  | 'handleRpcMethodInvocation'
>;

type DataOptions = Parameters<LocalParticipant['publishData']>[1];

/** Sends a message to the room. @throws when it is not connected. */
export type SendToRoom = (message: FromParticipant) => void;

/** Oneself in a simulated room. */
export class OwnParticipant extends SeenParticipant implements LocalShape {
  readonly #send: SendToRoom;
  readonly #rpc: RpcCalls;

  constructor(facts: ParticipantFacts, send: SendToRoom, rpc: RpcCalls) {
    super(facts);
    this.#send = send;
    this.#rpc = rpc;
  }

  async publishData(data: Uint8Array, options: DataOptions): Promise<void> {
    this.#send({
      type: 'data',
      payload: encodeBytes(data),
      topic: options.topic ?? '',
      isReliable: options.reliable ?? true,
      to: options.destination_identities ?? [],
    });
  }

  async updateMetadata(metadata: string): Promise<void> {
    this.#send({ type: 'setMetadata', metadata });
  }

  async updateName(name: string): Promise<void> {
    this.#send({ type: 'rename', name });
  }

  async setAttributes(attributes: Record<string, string>): Promise<void> {
    this.#send({ type: 'setAttributes', attributes });
  }

  async publishDtmf(code: number, digit: string): Promise<void> {
    this.#packet({ type: 'dtmf', code, digit }, []);
  }

  async streamText(options: OpenOptions = {}): Promise<TextStreamWriter> {
    return openTextStream(this.#packet, options);
  }

  async sendText(text: string, options: OpenOptions = {}): Promise<BaseStreamInfo> {
    const totalSize = Buffer.byteLength(text);
    const writer = openTextStream(this.#packet, { ...options, totalSize });
    await writer.write(text);
    await writer.close();
    return writer.info;
  }

  async streamBytes(options: OpenOptions = {}): Promise<ByteStreamWriter> {
    return openByteStream(this.#packet, options);
  }

  async sendChatMessage(
    message: string,
    to: string[] = [],
    _senderIdentity?: string,
  ): Promise<ChatMessage> {
    const chat = { id: randomUUID(), timestamp: Date.now(), message };
    this.#packet({ type: 'chat', ...chat }, to);
    return chat;
  }

  async editChatMessage(
    message: string,
    { id, timestamp }: ChatMessage,
    to: string[] = [],
    _senderIdentity?: string,
  ): Promise<ChatMessage> {
    const chat = { id, timestamp, message, editTimestamp: Date.now() };
    this.#packet({ type: 'chat', ...chat }, to);
    return chat;
  }

  performRpc(params: PerformRpcParams): Promise<string> {
    return this.#rpc.perform(params);
  }

  registerRpcMethod(method: string, handler: RpcHandler): void {
    this.#rpc.handle(method, handler);
  }

  unregisterRpcMethod(method: string): void {
    this.#rpc.unhandle(method);
  }

  addRpcInterceptor(interceptor: RpcInterceptor): void {
    this.#rpc.addInterceptor(interceptor);
  }

  removeRpcInterceptor(interceptor: RpcInterceptor): void {
    this.#rpc.removeInterceptor(interceptor);
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  publishTrack(): Promise<never> {
    return rejectMedia('LocalParticipant.publishTrack()');
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  unpublishTrack(): Promise<never> {
    return rejectMedia('LocalParticipant.unpublishTrack()');
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  publishTranscription(): Promise<never> {
    return rejectMedia('LocalParticipant.publishTranscription()');
  }

  /** @throws WorkerError `GR_NO_MEDIA` */
  sendFile(): Promise<never> {
    return rejectMedia('LocalParticipant.sendFile()');
  }

  readonly #packet = (packet: Packet, to: string[]): void =>
    this.#send({ type: 'packet', to, packet });
}
