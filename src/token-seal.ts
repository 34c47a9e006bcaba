/**
 * Room tokens inside the worker. Machines carry them from the server to the job process, and what a machine carries can be
 * seen: in its snapshots, by inspectors, in events. So it carries them sealed, with a key that never leaves this process.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const key = randomBytes(32);
const ivBytes = 12;
const tagBytes = 16;
const prefix = 'sealed:';

/** A text that says nothing to anyone but `openToken()` in this process. */
export function sealToken(token: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv);
  const sealed = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return prefix + Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The token that was sealed. Any other text is returned as it is: the server will refuse what is no token. */
export function openToken(text: string): string {
  if (!text.startsWith(prefix)) return text;
  try {
    const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes));
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const opened = [decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()];
    return Buffer.concat(opened).toString('utf8');
  } catch {
    // Sealed by another process, or changed.
    return text;
  }
}
