/** Times, numbers and values, for people. */
import { eventName } from '../../../diagram/mermaid.ts';
import type { Json } from '../../messages.ts';

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** A time of day, with milliseconds. */
export function timeText(at: number): string {
  return clock.format(at);
}

/** A duration in its two largest units. */
export function durationText(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 1000) return `${Math.round(whole)} ms`;
  if (whole < 60_000) return `${(whole / 1000).toFixed(1)} s`;
  const seconds = Math.round(whole / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** The type of an event; XState's own ones in words. */
export function eventText(type: string, sender?: string): string {
  const [, ended, id] = /^xstate\.(done|error)\.actor\.\d+\.(.+)$/.exec(type) ?? [];
  // The id of an actor without a name of its own says only where it was invoked.
  return ended === undefined || id === undefined ? eventName(type) : `${ended} ${sender ?? id}`;
}

/** A fraction as a percentage. */
export function percentText(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

/** A piece of JSON text, and what it is. */
export interface JsonPart {
  text: string;
  kind: 'key' | 'text' | 'number' | 'word' | 'plain';
}

const tokens =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** JSON text in pieces, to be coloured. */
export function jsonParts(value: Json | undefined): JsonPart[] {
  const text = JSON.stringify(value, null, 2) ?? 'undefined';
  const parts: JsonPart[] = [];
  let at = 0;
  for (const match of text.matchAll(tokens)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index), kind: 'plain' });
    const [all, quoted, colon, number] = match;
    parts.push({ text: quoted ?? all, kind: kindOfToken(quoted, colon, number) });
    if (colon !== undefined) parts.push({ text: colon, kind: 'plain' });
    at = match.index + all.length;
  }
  parts.push({ text: text.slice(at), kind: 'plain' });
  return parts;
}

function kindOfToken(
  quoted: string | undefined,
  colon: string | undefined,
  number: string | undefined,
): JsonPart['kind'] {
  if (colon !== undefined) return 'key';
  if (quoted !== undefined) return 'text';
  return number === undefined ? 'word' : 'number';
}
