/** The config of a machine as JSON, which Stately's tools read, and `createMachine()` too. */
import type { AnyStateMachine } from 'xstate';

/** What only means something in the program: values of the context and functions that make values. */
const left = new Set(['context', 'input', 'output', 'params', 'systemId']);

/** JSON text of a machine's structure; what is a function in the code is `{ "type": name }`. */
export function machineJson(machine: AnyStateMachine): string {
  const text = JSON.stringify(
    machine.config,
    (key, value: unknown) => {
      if (typeof value !== 'function') return value;
      return left.has(key) ? undefined : { type: value.name === '' ? 'function' : value.name };
    },
    2,
  );
  return `${text}\n`;
}
