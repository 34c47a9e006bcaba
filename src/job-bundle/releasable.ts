/** Bytes whose memory can be given back: a garbage collection would find it much later. */
export interface Releasable {
  bytes: Buffer;
  /** Nobody may look at the bytes any more. */
  release: () => void;
}

/** A buffer that can be made smaller. Left out of the types here. */
type Resizable = ArrayBuffer & { resize: (length: number) => void };

const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;

/** So many bytes, all 0. */
export function allocate(length: number): Releasable {
  const memory = new ResizableBuffer(length, { maxByteLength: length });
  return { bytes: Buffer.from(memory), release: () => memory.resize(0) };
}
