/** `greenroom/inspect`: the inspector's parts, for any XState app. */
export {
  connectInspector,
  type ConnectInspectorOptions,
  type InspectorConnection,
} from './client.ts';
export type { Entry } from './entry.ts';
export {
  APP_PATH,
  CONTENT_SECURITY_POLICY,
  INSPECT_PROTOCOL,
  STREAM_PATH,
  type BatchFrame,
  type DroppedFrame,
  type FromPage,
  type HelloFrame,
  type LiveFrame,
  type RecordingFacts,
  type RecordingHeader,
  type RecordingMark,
  type ReplayFrame,
  type SendFrame,
  type SentFrame,
  type ToPage,
} from './frames.ts';
export {
  InspectHub,
  type HubOptions,
  type Replay,
  type StreamHost,
  type StreamReader,
  type StreamSource,
} from './hub.ts';
export * from './messages.ts';
export { Recorder, type RecorderOptions } from './recorder.ts';
export { readRecording, type Recording } from './recording.ts';
export type { RingLimits } from './ring.ts';
export { serveInspector, type InspectServer, type InspectServerOptions } from './server.ts';
export type { AppSink, SendEvent } from './sockets.ts';
export type { StreamState } from './stream-state.ts';
export { WireWriter, type WireScope, type WireWriterOptions } from './wire/writer.ts';
